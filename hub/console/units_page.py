"""Units: the tree of them with their stations, and the page of each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.console.card_history import read_history
from hub.console.page import RefusedPageError, render, rooms_of, signed_in
from hub.fleet.cells import CellError
from hub.fleet.folding import fold
from hub.fleet.organisation import Organisation
from hub.fleet.units import NO_MAX, Unit, UnitNo
from hub.people.accounts import Account
from hub.typed_values import whole_number

SHOWN_MAX: Final = 600  # units of one page: a level of the tree is shown whole or not at all
STATIONS_SHOWN: Final = 200
FOUND_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Node:
    """A unit of the tree. `stations`: of it and all below. `below`: units right below that are not shown."""

    unit: Unit
    stations: int
    children: tuple["Node", ...]
    below: int


async def show_units(request: Request) -> Response:
    """GET /units: the tree from the top; ?q= finds units and stations."""
    return await units_page(request, await signed_in(request))


async def units_page(
    request: Request,
    account: Account,
    *,
    fault: CellError | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return the page of the tree. `fault`: why no unit was added, `typed`: what stays in the form."""
    rooms, asked = rooms_of(request), " ".join(request.query_params.get("q", "").split())[:100]
    index = await rooms.search.index() if asked else None
    now = rooms.organisation.now
    units = [] if index is None else index.find_units(asked, FOUND_MAX)
    stations = [] if index is None else index.find(asked, FOUND_MAX)
    return render(
        request,
        "units.html",
        account=account,
        nodes=tree_below(now, None),
        asked=asked,
        units=[(now.tree.units[no], now.tree.path_text(now.tree.units[no].parent)) for no in units],
        stations=[(one, now.name(one), now.unit_text(one)) for one in stations],
        lost=sum(card.unit is None and not card.closed for card in now.stations.values()),
        is_empty=not now.tree.units,
        status=status,
        fault=fault,
        typed=typed or {},
    )


def unit_in_path(request: Request) -> UnitNo:
    """Return the number of the address; 0 stands above all units. Raises RefusedPageError: it is none."""
    no = whole_number(request.path_params["no"], most=NO_MAX)
    if no is None:
        raise RefusedPageError(404, "Không có đơn vị này.")
    return UnitNo(no)


async def show_unit(request: Request) -> Response:
    """GET /units/NO: one unit, what belongs to it, and every version of it."""
    return await unit_page(request, await signed_in(request))


async def unit_page(
    request: Request,
    account: Account,
    *,
    fault: CellError | None = None,
    deed: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return the page of a unit. `fault`: why `deed` was not done, `typed`: what stays in its form."""
    rooms, no = rooms_of(request), unit_in_path(request)
    now = rooms.organisation.now
    unit = now.tree.units.get(no)
    if unit is None:
        raise RefusedPageError(404, "Không có đơn vị này.")
    own = sorted(
        (card for card in now.stations.values() if card.unit == no),
        key=lambda card: (card.closed, fold(now.name(card.station))),
    )
    return render(
        request,
        "unit.html",
        account=account,
        status=status,
        unit=unit,
        revision=rooms.organisation.revision(unit),
        above=now.tree.path(unit.parent),
        parent_text=rooms.organisation.unit_names().text(unit.parent),
        zone=now.tree.zone(no) or "",
        nodes=tree_below(now, no),
        stations=[(card.station, now.name(card.station), card.closed) for card in own[:STATIONS_SHOWN]],
        more=max(0, len(own) - STATIONS_SHOWN),
        total=len(now.members(no)),
        spares=[box.box for box in now.spares() if box.unit == no],
        history=await read_history(rooms, "unit", str(no)),
        fault=fault,
        deed=deed,
        typed=typed or {},
    )


def tree_below(organisation: Organisation, no: UnitNo | None) -> tuple[Node, ...]:
    """Return the units below one, level by level while a whole level has room on a page."""
    counts = stations_below(organisation)
    shown: set[UnitNo | None] = {no}
    level: list[UnitNo | None] = [no]
    room = SHOWN_MAX
    while level:
        children = [child.no for one in level for child in organisation.tree.children(one)]
        room -= len(children)
        if room < 0 and len(level) > 1:
            break
        shown.update(level)
        level = [*children]
    return _nodes(organisation, no, counts, shown)


def _nodes(
    organisation: Organisation, no: UnitNo | None, counts: Counter[UnitNo], shown: set[UnitNo | None]
) -> tuple[Node, ...]:
    children = sorted(
        organisation.tree.children(no),
        key=lambda unit: (unit.closed is not None, fold(organisation.tree.name(unit))),
    )
    return tuple(
        Node(
            unit,
            counts[unit.no],
            _nodes(organisation, unit.no, counts, shown) if unit.no in shown else (),
            0 if unit.no in shown else len(organisation.tree.children(unit.no)),
        )
        for unit in children
    )


def stations_below(organisation: Organisation) -> Counter[UnitNo]:
    """Return how many open stations each unit has, with those of all units below it."""
    own: Counter[UnitNo] = Counter(
        card.unit for card in organisation.stations.values() if card.unit is not None and not card.closed
    )
    found: Counter[UnitNo] = Counter()
    for no, count in own.items():
        for unit in organisation.tree.path(no):
            found[unit.no] += count
    return found
