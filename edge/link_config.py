"""The `[[link]]` tables of the box's configuration (core): the ways to the hub, the best first, and what each
costs.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from edge.errors import ConfigError

LINK_KEYS: Final = ("name", "interface", "class", "metered", "budget_mb", "budget_per")
LINKS_MAX: Final = 8
BUDGET_MB: Final = (1, 10_000_000)
LinkClass = Literal["ethernet", "wifi", "mobile", "satellite"]
Period = Literal["day", "month"]
_CLASSES: Final[tuple[LinkClass, ...]] = ("ethernet", "wifi", "mobile", "satellite")
_PERIODS: Final[tuple[Period, ...]] = ("day", "month")
_METERED: Final = ("mobile", "satellite")  # unless the engineer says otherwise
_INTERFACE: Final = re.compile(r"[^\s/:]{1,15}")  # what the kernel takes for a name
_FOUND: Final[tuple[tuple[str, LinkClass], ...]] = (  # how names of interfaces begin, the best first
    ("eth", "ethernet"),
    ("en", "ethernet"),
    ("wl", "wifi"),
    ("ww", "mobile"),
    ("ppp", "mobile"),
    ("usb", "mobile"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many bytes, both ways together, in each period of the station's own days."""

    limit_bytes: int
    per: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One link. `is_configured`: the engineer named it; others are found by the names of interfaces."""

    name: str
    interface: str
    kind: LinkClass
    is_metered: bool
    budget: Budget | None = None
    is_configured: bool = True


def read_links(file: Path, tables: Any) -> tuple[LinkSettings, ...]:
    """Return what the tables say, the best link first; (): there are none. Raises ConfigError."""
    if tables is None:
        return ()
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{file}: link: expected tables, each headed [[link]]")
    if len(tables) > LINKS_MAX:
        raise ConfigError(f"{file}: [[link]]: expected at most {LINKS_MAX}, found {len(tables)}")
    links = tuple(_link(f"{file}: [[link]] {number}", table) for number, table in enumerate(tables, start=1))
    for number, one in enumerate(links, start=1):
        for before in links[: number - 1]:
            if one.name == before.name or one.interface == before.interface:
                raise ConfigError(f"{file}: [[link]] {number}: name and interface must be its alone")
    return links


def found_links(interfaces: list[str]) -> tuple[LinkSettings, ...]:
    """Return the links of a box whose engineer named none, the best first: cable, Wi-Fi, modem."""
    found = [
        (rank, interface, kind)
        for interface in interfaces
        for rank, (prefix, kind) in enumerate(_FOUND)
        if interface.startswith(prefix)
    ]
    return tuple(
        LinkSettings(
            name=interface,
            interface=interface,
            kind=kind,
            is_metered=kind in _METERED,
            is_configured=False,
        )
        for _, interface, kind in sorted(found)
    )


def _link(where: str, table: dict[str, Any]) -> LinkSettings:
    for key in table:
        if key not in LINK_KEYS:
            raise ConfigError(f"{where}: {key} is not a setting; there are {', '.join(LINK_KEYS)}")
    interface = table.get("interface")
    if not isinstance(interface, str) or not _INTERFACE.fullmatch(interface):
        raise ConfigError(f'{where}: interface: expected a name such as "eth0", found {interface!r}')
    name = table.get("name", interface)
    if not isinstance(name, str) or not 0 < len(name) <= 40:
        raise ConfigError(f"{where}: name: expected 1 … 40 characters, found {name!r}")
    kind = next((one for one in _CLASSES if one == table.get("class")), None)
    if kind is None:
        raise ConfigError(f"{where}: class: expected {' or '.join(_CLASSES)}, found {table.get('class')!r}")
    is_metered = table.get("metered", kind in _METERED)
    if not isinstance(is_metered, bool):
        raise ConfigError(f"{where}: metered: expected true or false, found {is_metered!r}")
    budget = _budget(where, table)
    return LinkSettings(name=name, interface=interface, kind=kind, is_metered=is_metered, budget=budget)


def _budget(where: str, table: dict[str, Any]) -> Budget | None:
    limit, per = table.get("budget_mb"), table.get("budget_per", "month")
    period = next((one for one in _PERIODS if one == per), None)
    if period is None:
        raise ConfigError(f"{where}: budget_per: expected {' or '.join(_PERIODS)}, found {per!r}")
    if limit is None:
        if "budget_per" in table:
            raise ConfigError(f"{where}: budget_per: expected budget_mb beside it")
        return None
    if type(limit) is not int or not BUDGET_MB[0] <= limit <= BUDGET_MB[1]:
        expected = f"a whole number {BUDGET_MB[0]} … {BUDGET_MB[1]}"
        raise ConfigError(f"{where}: budget_mb: expected {expected}, found {limit!r}")
    return Budget(limit_bytes=limit * 1_000_000, per=period)
