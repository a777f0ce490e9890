from pathlib import Path

from edge.call.prompts_due import Prompt
from edge.prompts.prompts_now import Made, PromptsNow, prompt_findings

FILE = Path("/data/prompts/ringing-1.wav")


def test_a_box_that_does_not_speak_finds_nothing() -> None:
    assert list(prompt_findings(None)) == []


def test_all_is_well_when_all_are_made() -> None:
    now = PromptsNow(("vi", "en"), made=dict.fromkeys(Prompt, Made(FILE)))
    (found,) = prompt_findings(now)
    assert (found.is_well, found.text) == (True, f"{len(Prompt)} spoken prompts in vi, en")


def test_while_they_are_made_it_is_said_how_many_are_left() -> None:
    (found,) = prompt_findings(PromptsNow(("vi",), made={Prompt.RINGING: Made(FILE)}))
    assert found.is_well
    assert found.text == f"1 spoken prompts in vi, {len(Prompt) - 1} are being made"


def test_a_fault_of_many_is_told_once_with_what_to_do_and_the_silent_are_named() -> None:
    fault = "espeak-ng cannot be run (No such file); apt-get install espeak-ng"
    made = {Prompt.RINGING: Made(None, faults=(fault,)), Prompt.AT_HUB: Made(None, faults=(fault,))}
    first, second = prompt_findings(PromptsNow(("vi",), made=made))
    assert (first.is_well, first.text) == (False, "espeak-ng cannot be run (No such file)")
    assert first.remedy == "apt-get install espeak-ng"
    assert (second.is_well, second.text) == (False, "silent: ringing, at-hub")


def test_a_lacking_language_and_a_prompt_that_was_not_heard_are_told() -> None:
    now = PromptsNow(("km",), faults=("km has no words for ended",), unheard="loudspeaker alsa:x: busy")
    lacking, unheard = prompt_findings(now)
    assert (lacking.text, lacking.remedy) == ("km has no words for ended", "see `edge prompts list`")
    assert (unheard.text, unheard.is_well) == ("not played: loudspeaker alsa:x: busy", False)
