"""What the panel shows (core): values in, HTML out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge.advice.advice_facts import AdviceNow
from edge.call.call_facts import CallFacts
from edge.call.station_table import OPEN, State
from edge.health.self_test import SelfTestNow
from edge.live.link_facts import LinkFacts
from edge.panel.electrodes import help_of
from edge.panel.link_line import clock, link_line
from edge.panel.media_line import media_faults, media_line
from edge.panel.station_devices import CONNECTED, TROUBLE, DeviceNow, StationDevices
from edge.panel.web_words import page_catalogue
from edge.panel.words import LANGUAGES, Words

LOOK_EVERY_S: Final = 2
ASK_AT_MOST_S: Final = 60  # then the page that asks twice gives the screen back to what matters more
_WELL: Final = (CONNECTED, "listening")
_OWN: Final = ("board", "button")
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class VisitNow(NamedTuple):
    """Who is being seen. `visit` 0: nobody (contract.ids.NO_VISIT)."""

    visit: int
    asks_visit_over: bool
    awaits_sensors_off: bool


@dataclass(frozen=True, slots=True)
class StationNow:
    """What `edge vitals` answered."""

    visit: VisitNow
    all: StationDevices
    call: CallFacts
    advice: AdviceNow = field(default_factory=AdviceNow)
    link: LinkFacts | None = None
    self_test: SelfTestNow = field(default_factory=SelfTestNow)

    @property
    def has_call(self) -> bool:
        """Whether a call is open."""
        return State[self.call.state] in OPEN

    @property
    def is_busy(self) -> bool:
        """Whether the screen stays on: somebody is measured, calls, is called, or is asked."""
        is_asked = bool(self.all.questions) or self.visit.asks_visit_over or self.visit.awaits_sensors_off
        return self.has_call or self.call.ring is not None or self.all.is_measuring or is_asked

    @property
    def call_word(self) -> str:
        """What brings the call into sight when it becomes another, in a word."""
        return f"{self.call.state}/{'' if self.call.ring is None else self.call.ring.name}"

    @property
    def shown(self) -> str:
        """What wakes a dark screen when it becomes another, in a word."""
        advice = ".".join(str(one.advice) for one in (*self.advice.present, *self.advice.before))
        return f"{self.visit.visit}/{self.call_word}/{advice}/{self.call.next_is_practice or ''}"


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page must know of it. `mm_wide` None: nobody knows; `blank_after_min` 0: it is never dark."""

    mm_wide: float | None = None
    blank_after_min: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """`edge vitals` does not answer: since how long, and why. `was_heard`: it has answered this panel."""

    for_s: float
    was_heard: bool
    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of what somebody touched. `key`: of the words; `values`: what stands in them."""

    key: str
    is_done: bool
    values: Mapping[str, object] = field(default_factory=dict)


class Line(NamedTuple):
    """One device in words."""

    name: str
    model: str
    state: str
    is_well: bool


def station_page(
    now: StationNow | Silence,
    *,
    station: str,
    notice: Notice | None,
    is_settling: bool,
    words: Words,
    screen: Screen = Screen(),
) -> str:
    """Return the page of the station: the call first, then the questions, the visit, the advice, the devices.

    `is_settling`: somebody has just touched the screen: a second touch in the same place must do nothing.
    """
    common: dict[str, object] = {
        "_": words,
        "languages": LANGUAGES,
        "station": station,
        "refresh": str(LOOK_EVERY_S),
        "notice": notice,
        "is_settling": is_settling,
        "now": now,
        "screen": screen,
        "catalogue": page_catalogue(words.language),
    }
    if isinstance(now, Silence):
        return _TEMPLATES.get_template("silence.html").render(common)
    is_seen = now.visit.visit != 0
    return _TEMPLATES.get_template("station.html").render(
        common,
        lines=lines_of(now.all, words),
        media=media_line(now.call.media, words, is_muted=now.call.sound.is_muted),
        media_faults=media_faults(now.call.media, words),
        helps=help_of(now.all.devices, words) if is_seen else (),
        link=None if now.link is None else link_line(now.link, words),
        clock=None if now.link is None else clock(now.link, words),
    )


def next_person_page(visit: int, *, station: str, words: Words) -> str:
    """Return the page that asks once more before the visit ends."""
    return _TEMPLATES.get_template("next_person.html").render(
        _=words,
        languages=LANGUAGES,
        station=station,
        refresh=f"{ASK_AT_MOST_S}; url=/?lang={words.language}",
        notice=None,
        visit=visit,
    )


def cancel_page(call_seq: int, *, station: str, words: Words) -> str:
    """Return the page that asks once more before the call is cancelled."""
    return _TEMPLATES.get_template("cancel.html").render(
        _=words,
        languages=LANGUAGES,
        station=station,
        refresh=f"{ASK_AT_MOST_S}; url=/?lang={words.language}",
        notice=None,
        call_seq=call_seq,
    )


def lines_of(now: StationDevices, words: Words) -> tuple[Line, ...]:
    """Return a line for each device."""
    asked = {question.device for question in now.questions}
    return tuple(_line(device, words, is_asked=device.device in asked) for device in now.devices)


def _line(device: DeviceNow, words: Words, *, is_asked: bool) -> Line:
    if is_asked:
        return Line(device.port, device.model, words("asked"), is_well=False)
    name = words(device.device) if device.device in _OWN else device.device
    state = f"fault {device.fault}" if device.fault and device.state == TROUBLE else f"state {device.state}"
    said = [words(state), *map(words, device.conditions)]
    if device.conditions and device.state == CONNECTED:
        del said[0]  # the conditions say more
    place = device.port if not device.device else ""
    return Line(
        name or f"{words('unknown device')} ({place})",
        device.model,
        ", ".join(said),
        is_well=device.state in _WELL and not device.conditions,
    )
