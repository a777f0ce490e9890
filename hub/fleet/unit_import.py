"""Lines of a file as units (core). A column that is missing leaves its field alone.

A line is of the unit with its number; without one, of the unit with its code; without either, of the unit of
that name below the same parent; else it is a new unit. Parents may be named by their present path, or as
the file itself calls them, on whatever line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from hub.fleet.cells import (
    CellError,
    check_names,
    read_aliases,
    read_day,
    read_former,
    read_text,
    read_unit_name,
    read_zone,
)
from hub.fleet.columns import UNIT_HEADINGS, Cells
from hub.fleet.csv_table import Row
from hub.fleet.folding import fold
from hub.fleet.organisation import Organisation
from hub.fleet.proposal import Problem, Proposal
from hub.fleet.unit_names import UnitNames, is_same_number
from hub.fleet.units import NO_MAX, Unit, UnitName, UnitNo, UnitTree
from hub.typed_values import whole_number

CODE_MAX_CHARS: Final = 32


@dataclass(slots=True)
class _Line:
    """A line under way. `unit`: which it is, as soon as that is known."""

    row: Row
    parent_text: str | None  # None: the file has no such column
    unit: UnitNo | None = None
    parent: UnitNo | None = None
    is_placed: bool = False  # the parent is known


@dataclass(slots=True)
class _Reading:
    present: UnitTree
    names: UnitNames
    next_no: int
    problems: list[Problem] = field(default_factory=list)
    taken: dict[UnitNo, int] = field(default_factory=dict)  # on which line each unit stands

    def complain(self, row: Row, key: str, error: CellError) -> None:
        """Write down what is wrong with a cell."""
        self.problems.append(Problem(row.line, UNIT_HEADINGS.get(key, ""), error.text_key, error.values))


def propose_units(rows: Sequence[Row], organisation: Organisation) -> Proposal:
    """Return what the lines say of units."""
    tree = organisation.tree
    reading = _Reading(tree, UnitNames(tree), int(organisation.next_unit()))
    lines = [_Line(row, row.cells.get("parent")) for row in rows]
    _check_codes(lines, reading)
    for line in lines:
        _identify(line, reading)
    _place_all(lines, reading)
    units: dict[UnitNo, Unit] = {}
    for line in lines:
        if line.unit is not None and line.is_placed:
            unit = _read_unit(line, line.unit, reading)
            if unit is not None:
                units[line.unit] = unit
    if not reading.problems:
        _check_tree(lines, units, reading)
    if reading.problems:
        found = sorted(reading.problems, key=lambda problem: problem.line)
        return Proposal("units", problems=tuple(found))
    numbers = [line.unit for line in lines if line.unit is not None]
    return Proposal("units", tuple(units[no] for no in numbers), tuple(line.row.line for line in lines))


def read_unit_fields(cells: Cells, unit: Unit) -> tuple[Unit, dict[str, CellError]]:
    """Return a unit with what the cells say, and what is wrong by column; wrong cells change nothing."""
    wrong: dict[str, CellError] = {}
    found = unit
    for key in ("code", "aliases", "zone", "closed"):
        if key not in cells:
            continue
        try:
            match key:
                case "code":
                    found = replace(found, code=_code(cells[key], unit.code))
                case "aliases":
                    found = replace(found, aliases=read_aliases(cells[key]))
                case "zone":
                    found = replace(found, zone=read_zone(cells[key]))
                case _:
                    found = replace(found, closed=read_day(cells[key]))
        except CellError as error:
            wrong[key] = error
    try:
        found = replace(found, names=_names(cells, unit.names))
    except CellError as error:
        wrong["name"] = error
    return found, wrong


def _names(cells: Cells, before: tuple[UnitName, ...]) -> tuple[UnitName, ...]:
    """Return the names: another name with a later day is one more, without one it is a correction."""
    if "name" not in cells:
        if not before:
            raise CellError("Thiếu tên đơn vị.")
        return before
    text = read_unit_name(cells["name"])
    newest = before[-1] if before else None
    since: date | None = None if newest is None else newest.since
    if "since" in cells:
        since = read_day(cells["since"])
    if "former_names" in cells:
        names = (*read_former(cells["former_names"]), UnitName(text, since))
    elif newest is None:
        names = (UnitName(text, since),)
    else:
        is_another = text != newest.text and since is not None and since != newest.since
        names = (*(before if is_another else before[:-1]), UnitName(text, since))
    check_names(names)
    return names


def _code(text: str, before: str | None) -> str | None:
    code = read_text(text, max_chars=CODE_MAX_CHARS)
    if before is not None and is_same_number(before, code):
        return before  # a spreadsheet has taken it for a number
    if code.startswith("#"):
        raise CellError("Mã đơn vị không bắt đầu bằng #: {text}", text=code)
    return code or None


def _check_codes(lines: Sequence[_Line], reading: _Reading) -> None:
    seen: dict[str, int] = {}
    for line in lines:
        code = line.row.cells.get("code", "").strip().casefold()
        if code and code in seen:
            error = CellError("Mã {text} đã có ở dòng {n}.", text=code[:40], n=seen[code])
            reading.complain(line.row, "code", error)
        seen.setdefault(code, line.row.line)


def _identify(line: _Line, reading: _Reading) -> None:
    """Find the unit of a line by its number or its code."""
    cells = line.row.cells
    number, code = cells.get("no", "").strip().lstrip("#"), cells.get("code", "").strip()
    try:
        if number:
            _take(line, _number(number), reading)
        elif code:
            same = reading.names.by_code(code)
            if len(same) > 1:
                raise CellError("Mã {text} là của nhiều đơn vị. Hãy ghi cột “Số đơn vị”.", text=code[:40])
            if same:
                _take(line, same[0], reading)
    except CellError as error:
        reading.complain(line.row, "no" if number else "code", error)
        line.is_placed, line.unit = True, None  # nothing more is said of it


def _take(line: _Line, no: UnitNo | None, reading: _Reading) -> None:
    if no is None:
        return
    if no in reading.taken:
        raise CellError("Đơn vị này đã có ở dòng {n}.", n=reading.taken[no])
    reading.taken[no], line.unit = line.row.line, no


def _place_all(lines: Sequence[_Line], reading: _Reading) -> None:
    """Find all parents, from the top down: a parent may stand, and be named, on a later line."""
    waiting = [line for line in lines if not line.is_placed]
    for line in waiting:
        if line.parent_text is None and line.unit is not None:
            line.parent, line.is_placed = reading.present.units[line.unit].parent, True
    while True:
        waiting = [line for line in lines if not line.is_placed]
        known = _Known(lines, reading)
        for line in waiting:
            _place(line, known, reading)
        if not waiting or all(not line.is_placed for line in waiting):
            break
    for line in waiting:
        _place_by_present(line, reading)


class _Known:
    """The units whose place is known so far, by path and by code, as the file calls them."""

    def __init__(self, lines: Sequence[_Line], reading: _Reading) -> None:
        called: dict[UnitNo, tuple[str, UnitNo | None, str]] = {
            unit.no: (unit.name(), unit.parent, unit.code or "")
            for unit in reading.present.units.values()
            if unit.no not in reading.taken
        }
        for line in lines:
            if line.unit is not None and line.is_placed:
                cells = line.row.cells
                before = reading.present.units.get(line.unit)
                name = cells.get("name", before.name() if before else "")
                code = cells.get("code", (before.code if before else None) or "")
                called[line.unit] = (" ".join(name.split()), line.parent, code.strip())
        self.numbers = set(called)
        self.paths: dict[str, list[UnitNo]] = {}
        self.codes: dict[str, list[UnitNo]] = {}
        for no, (_, _, code) in called.items():
            path = _path(no, called)
            if path:
                self.paths.setdefault(path.casefold(), []).append(no)
            if code:
                self.codes.setdefault(code.casefold(), []).append(no)


def _path(no: UnitNo, called: dict[UnitNo, tuple[str, UnitNo | None, str]]) -> str:
    """Return the path of a unit; "" while a unit above is not known, or when it is below itself."""
    parts: list[str] = []
    at: UnitNo | None = no
    while at is not None:
        if at not in called or len(parts) > len(called):
            return ""
        name, above, _ = called[at]
        parts.append(name)
        at = above
    return " › ".join(reversed(parts))


def _place(line: _Line, known: _Known, reading: _Reading) -> None:
    """Find the parent among the units whose place is known."""
    text = " ".join((line.parent_text or "").split())
    if not text:
        _settle(line, None, reading)
        return
    number = whole_number(text[1:], most=NO_MAX) if text.startswith("#") else None
    if number in known.numbers:
        _settle(line, UnitNo(number), reading)
        return
    path = " › ".join(part.strip() for part in text.replace(">", "›").split("›"))
    found = known.paths.get(path.casefold()) or known.codes.get(text.casefold()) or []
    if len(found) == 1:
        _settle(line, found[0], reading)


def _place_by_present(line: _Line, reading: _Reading) -> None:
    """Find the parent by what the hub calls it now, for the file names it in no way of its own."""
    try:
        _settle(line, reading.names.find(line.parent_text or ""), reading)
    except CellError as error:
        reading.complain(line.row, "parent", error)


def _settle(line: _Line, parent: UnitNo | None, reading: _Reading) -> None:
    """The parent is known, and with it which unit this is."""
    line.parent, line.is_placed = parent, True
    if line.unit is not None:
        return
    wanted = " ".join(line.row.cells.get("name", "").split())
    same = [
        unit.no
        for unit in reading.present.children(parent)
        if any(one.text.casefold() == wanted.casefold() for one in unit.names)
    ] or [unit.no for unit in reading.present.children(parent) if fold(unit.name()) == fold(wanted)]
    try:
        if len(same) == 1 and wanted and not line.row.cells.get("code", "").strip():
            _take(line, same[0], reading)
        else:
            _take(line, _free_number(reading), reading)
    except CellError as error:
        reading.complain(line.row, "name", error)


def _number(text: str) -> UnitNo:
    """Return the number of a unit; of one that this hub does not have, too: a file of another hub."""
    number = whole_number(text, most=NO_MAX)
    if not number:
        raise CellError("Số đơn vị là một số từ 1 trở lên: {text}", text=text[:20])
    return UnitNo(number)


def _free_number(reading: _Reading) -> UnitNo:
    while UnitNo(reading.next_no) in reading.taken:
        reading.next_no += 1
    return UnitNo(reading.next_no)


def _read_unit(line: _Line, no: UnitNo, reading: _Reading) -> Unit | None:
    before = reading.present.units.get(no) or Unit(no=no, parent=None, names=())
    unit, wrong = read_unit_fields(line.row.cells, replace(before, parent=line.parent))
    for key, error in wrong.items():
        reading.complain(line.row, key, error)
    return None if wrong else unit


def _check_tree(lines: Sequence[_Line], units: dict[UnitNo, Unit], reading: _Reading) -> None:
    """Refuse what would lie below itself."""
    parents = {no: unit.parent for no, unit in {**reading.present.units, **units}.items()}
    sound: set[UnitNo] = set()
    for line in lines:
        way: list[UnitNo] = []
        at = line.unit
        while at is not None and at not in sound and at not in way:
            way.append(at)
            at = parents.get(at)
        if at is not None and at in way:
            error = CellError("Đơn vị này sẽ nằm dưới chính nó.")
            reading.complain(line.row, "parent", error)
        else:
            sound.update(way)
