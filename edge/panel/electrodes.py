"""Help with electrodes and probe (core): what is off, what to do, and where it belongs, drawn.

The person is seen from the front, limb electrodes on the trunk, in a drawing of 200 by 210.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from contract.codes import Condition
from edge.panel.station_devices import DeviceNow
from edge.panel.words import Words

PLACES: Final = {
    "RA": (58, 76),
    "LA": (142, 76),
    "LL": (130, 188),
    "RL": (70, 188),
    "V1": (90, 110),
    "V2": (110, 110),
    "V3": (120, 123),
    "V4": (131, 136),
    "V5": (145, 136),
    "V6": (158, 134),
}
_OF_THE_PROBE: Final = (
    (Condition.PROBE_FAULT, "help probe fault"),
    (Condition.SEARCHING, "help searching"),
    (Condition.WEAK_SIGNAL, "help weak signal"),
    (Condition.ARTIFACT, "help artifact"),
)


class Dot(NamedTuple):
    """One electrode of the drawing."""

    name: str
    x: int
    y: int
    is_off: bool
    is_doubted: bool


class Help(NamedTuple):
    """What is the matter with one device's sensors: `titles`, each with what to do, and `dots` where there is
    a drawing, which `drawing` says in words."""

    device: str
    titles: tuple[tuple[str, str], ...]
    dots: tuple[Dot, ...]
    drawing: str


def help_of(devices: Sequence[DeviceNow], words: Words) -> tuple[Help, ...]:
    """Return the devices with whose sensors something is the matter."""
    found = [_help(device, words) for device in devices]
    return tuple(one for one in found if one.titles)


def _help(device: DeviceNow, words: Words) -> Help:
    titles = [*_electrodes(device, words), *_probe(device, words)]
    doubted = (device.suspected or "").split("-")
    is_drawn = device.has_leads_off or device.suspected is not None
    names = device.electrodes if is_drawn else ()
    dots = tuple(
        Dot(name, *PLACES[name], is_off=name in device.electrodes_off, is_doubted=name in doubted)
        for name in names
    )
    off = ", ".join(dot.name for dot in dots if dot.is_off) or words("none off")
    drawing = words("torso", names=", ".join(names), off=off) if dots else ""
    return Help(device.device, tuple(titles), dots, drawing)


def _electrodes(device: DeviceNow, words: Words) -> list[tuple[str, str]]:
    titles = []
    if device.has_leads_off:
        off = device.electrodes_off
        if not off:
            titles.append((words("electrodes unsaid"), words("electrodes look")))
        else:
            is_none_on = {*device.electrodes} - {"RL"} <= {*off}
            key = "electrodes none" if is_none_on else "electrodes off"
            names = ", ".join(off if is_none_on else (electrode(one, words) for one in off))
            titles.append((words(key, names=names), words("electrodes do")))
    if device.suspected is not None:
        names = " – ".join(device.suspected.split("-"))
        titles.append((words("reversal", names=names), words("reversal do")))
    return titles


def _probe(device: DeviceNow, words: Words) -> list[tuple[str, str]]:
    if device.has_probe_off:
        return [(words("help probe off"), words("help probe off do"))]
    held = [key for condition, key in _OF_THE_PROBE if condition in device.conditions]
    return [(words(key), words(f"{key} do")) for key in held]


def electrode(name: str, words: Words) -> str:
    """Return an electrode with its place: "RA (vai phải)"; one that has only a number by that."""
    if name.startswith("#"):
        return words("place unknown", n=name[1:])
    return f"{name} ({words(f'place {name}')})"
