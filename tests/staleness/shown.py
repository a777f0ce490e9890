"""What a surface shows of a station: the list and the station's page as HTML, the API, and the live page."""

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final

from contract.codes import PULSE_RATE, SPO2
from tests.staleness.ages import NO_AGE, AgeShown, exact, read_age

WORDS: Final = {"đang nghe": "LIVE", "trễ": "LATE", "im lặng": "SILENT", "chưa từng nghe": "NEVER"}
SILENCE: Final = "Trạm im lặng"
NUMBERS: Final = {"SpO2": SPO2, "Mạch": PULSE_RATE}
_VALUE: Final = re.compile(r"(\d+(?:,\d+)?)\s+(.*)", re.DOTALL)
_CODE: Final = re.compile(r"Lượt khám (\S+)")


@dataclass(frozen=True, slots=True)
class NumberShown:
    """`value` None: none is shown. `age`: of the measurement."""

    value: int | None
    age: AgeShown


@dataclass(slots=True)
class Shown:
    """One station as one surface shows it. `visit` None: the surface does not say; "": nobody's."""

    station: str
    surface: str
    word: str
    heard: AgeShown
    visit: str | None
    numbers: dict[int, NumberShown] = field(default_factory=dict)
    link: AgeShown | None = None


@dataclass(frozen=True, slots=True)
class SilenceShown:
    """How long an alert says that a station has been silent; `is_floor`: at least so long."""

    station: str
    age: AgeShown
    is_floor: bool


def read_alerts(text: str) -> list[SilenceShown]:
    """Return what the page of alerts says of the silence of stations that have such an alert of their own."""
    found = []
    for row in re.findall(r'<tr tabindex="0" data-alert="\d+"[^>]*>(.*?)</tr>', text, re.DOTALL):
        _, station, title, now, *_ = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        named = re.match(r'<a href="/stations/([^"]+)"', station)
        if named and plain_text(title).startswith(SILENCE):
            said = re.sub(r"(\d),\d+", r"\1", plain_text(now.partition("<small")[0]))  # 0,4 s is 0 s
            if not said.startswith("---"):
                found.append(SilenceShown(named[1], read_age(said), said.startswith("ít nhất")))
    return found


def read_list(text: str, surface: str) -> list[Shown]:
    """Return the rows of the list of stations."""
    return [_row(station, row, surface) for station, row in _rows(text)]


def _rows(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<tr data-station="([^"]+)"[^>]*>(.*?)</tr>', text, re.DOTALL)


def _row(station: str, row: str, surface: str) -> Shown:
    cells = {name: plain for name, plain in _cells(row)}
    shown = Shown(station, surface, *_presence(cells["presence"]), visit=cells["visit"])
    shown.link = read_link(cells["link"])
    for mdc, cell in re.findall(r'<td class="number value" data-mdc="(\d+)">(.*?)</td>', row, re.DOTALL):
        shown.numbers[int(mdc)] = read_number(plain_text(cell))
    return shown


def _cells(row: str) -> list[tuple[str, str]]:
    found = re.findall(r'<td class="(\w+)"[^>]*>(.*?)</td>', row, re.DOTALL)
    return [(name, plain_text(cell)) for name, cell in found]


def read_page(text: str, station: str) -> Shown:
    """Return a station's page as it comes without scripts."""
    presence = _inner(text, r'id="presence"')
    visit = _CODE.search(_inner(text, r'id="visit"'))
    shown = Shown(station, "page", *_presence(presence), visit=visit[1] if visit else "")
    shown.link = read_link(_inner(text, r'id="link"'))
    for label, mdc in NUMBERS.items():
        found = re.search(rf'<th scope="row">{label}</th>(<td.*?</td>)', text, re.DOTALL)
        assert found, f"the page of {station} has no row {label}"
        shown.numbers[mdc] = read_number(plain_text(found[1]))
    return shown


def _inner(text: str, mark: str) -> str:
    found = re.search(rf"<span[^>]*{mark}[^>]*>(.*?)</span>", text, re.DOTALL)
    assert found, f"no element with {mark}"
    return plain_text(found[1])


def read_api(text: str) -> list[Shown]:
    """Return the stations of GET /api/v1/stations."""
    return [_of_api(one) for one in json.loads(text)["stations"]]


def _of_api(one: dict[str, Any]) -> Shown:
    presence, link = one["presence"], one["link"]
    shown = Shown(one["station"], "api", presence["word"], exact(presence["heard_age_s"]), visit=None)
    shown.link = None if link is None else exact(link["age_s"])
    for number in one["numbers"]:
        value = None if number["value"] is None else round(number["value"])
        shown.numbers[number["mdc"]] = NumberShown(value, exact(number["measured_age_s"]))
    return shown


def read_screen(told: dict[str, Any]) -> Shown:
    """Return what the live page's own cells said: `word` as text, `numbers` by mdc, all as plain text."""
    word, heard = _presence(told["presence"])
    visit = told["visit"]
    if told["surface"] == "screen page":
        found = _CODE.search(visit)
        visit = found[1] if found else ""
    shown = Shown(told["station"], told["surface"], word, heard, visit=visit, link=read_link(told["link"]))
    for mdc, text in told["numbers"].items():
        shown.numbers[int(mdc)] = read_number(text)
    return shown


def read_number(text: str) -> NumberShown:
    """Return what "97 12 s" or "--- số cuối cách đây 3 phút" says."""
    found = _VALUE.match(text)
    if text.startswith("---") or found is None:
        return NumberShown(None, read_age(text))
    return NumberShown(round(float(found[1].replace(",", "."))), read_age(found[2]))


def read_link(text: str) -> AgeShown | None:
    """Return how old the status is said to be; None: there is none."""
    _, mark, age = text.rpartition("cách đây ")
    return read_age(age) if mark else None


def _presence(text: str) -> tuple[str, AgeShown]:
    word = next((word for start, word in WORDS.items() if text.startswith(start)), "")
    assert word, f"no word of presence begins {text!r}"
    return word, NO_AGE if word == "NEVER" else read_age(text)


def plain_text(html: str) -> str:
    """Return what a browser shows of a piece of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
