"""What playback shows of a person: pieces and paper, which must hold nothing of anybody else."""

import json
import re
from typing import Final
from urllib.parse import urlencode

from contract.ids import spool_text
from tests.simulators.pdf_reader import read_pdf
from tests.simulators.piece_reader import read_piece
from tests.staleness.house import FuzzHub
from tests.staleness.judge import Tally
from tests.staleness.truth import Person, StationTruth

UV_PER_RAW, MM_PER_MV = 5.0, 10.0
WITHIN_MM: Final = 0.1
REACH_US: Final = 10_000_000


def judge_past(hub: FuzzHub, truth: StationTruth, person: Person, tally: Tally) -> None:
    """Look at the beginning of a person's past, as a piece and on paper; whose ECG has arrived."""
    cookie = hub.cookie()
    of = {"spool": spool_text(person.spool), "visit": person.visit}
    page = hub.server.get(f"/stations/{truth.name}/playback?{urlencode(of)}", Cookie=cookie)
    assert page.status == 200, f"{truth.name}: playback of {person.code}: {page.status}"
    found = _facts(page.text)
    tally.person_checks += 1
    asked = {**of, "boot": found["boot"], "from": found["begin_us"], "until": found["begin_us"] + REACH_US}
    data = hub.server.get(f"/stations/{truth.name}/playback/piece?{urlencode(asked)}", Cookie=cookie)
    assert data.status == 200, data.text
    piece = read_piece(data.data)
    seen = {value for _, samples in piece.of("I") for value in samples}
    if not seen <= {0, person.amplitude} or piece.head["visit_no"] != str(person.visit):
        tally.fault("wrong_person", f"{truth.name}: a piece of {person.code} holds {sorted(seen)[:5]}")
    _judge_paper(hub, truth, person, asked, cookie, tally)


def _judge_paper(
    hub: FuzzHub, truth: StationTruth, person: Person, asked: dict[str, object], cookie: str, tally: Tally
) -> None:
    tally.person_checks += 1
    asked = {**asked, "until": int(str(asked["from"])) + REACH_US}
    answer = hub.server.get(f"/stations/{truth.name}/playback.pdf?{urlencode(asked)}", Cookie=cookie)
    assert answer.status == 200, answer.text
    pages = read_pdf(answer.data)
    text = " ".join(page.text for page in pages)
    others = {one.code for one in truth.persons} - {person.code}
    named = [code for code in others if code in text]
    heights = [line.height_mm for line in pages[-1].black[1:] if line.width_mm > 4.0 and line.height_mm > 0.5]
    right_mm = person.amplitude * UV_PER_RAW / 1000 * MM_PER_MV
    wrong = [height for height in heights if abs(height - right_mm) > WITHIN_MM]
    if person.code not in text or named or wrong:
        told = f"names {named}, heights {wrong[:3]}, should be {right_mm:.1f} mm"
        tally.fault("wrong_person", f"{truth.name}: the paper of {person.code} {told}")


def _facts(text: str) -> dict[str, int]:
    """Return what the page's script is told of the period."""
    found = re.search(r'id="period">(.*?)</script>', text, re.DOTALL)
    assert found, "the page of playback does not say its period"
    told: dict[str, int] = json.loads(found[1])
    return told
