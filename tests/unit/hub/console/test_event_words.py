"""What a station could see of its call is said as it was: held is not over."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader

from contract.events import CallStep

TEMPLATES = Path(__file__).parents[4] / "hub" / "console" / "templates"


def said(event: Any) -> str:
    page = Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES))
    page.globals |= {"_": lambda text, **given: text.format(**given), "moment_text": lambda moment: moment}
    text = page.get_template("events.html").render(lines=[SimpleNamespace(event=event, moment="16:57:43")])
    return text.partition("</time>")[2].partition("</li>")[0].strip()


def test_every_step_of_a_call_at_its_station_has_words_of_its_own() -> None:
    steps = get_args(CallStep.model_fields["step"].annotation)
    words = {step: said(CallStep(call_seq=1, step=step)) for step in steps}
    assert len(set(words.values())) == len(steps)
    assert words["ended"] == "trạm biết cuộc gọi đã kết thúc"
