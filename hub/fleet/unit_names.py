"""How people name a unit in a cell or a field: by path, code, number or a name that only one has (core)."""

from typing import Final

from hub.fleet.cells import CellError, read_text
from hub.fleet.folding import fold
from hub.fleet.units import NO_MAX, UnitNo, UnitTree
from hub.typed_values import whole_number

SHOWN_MAX: Final = 4  # of those that it might be


class UnitNames:
    """The units of one tree by what they are called. `text` and `find` go there and back."""

    def __init__(self, tree: UnitTree) -> None:
        self.tree = tree
        self._paths: dict[str, list[UnitNo]] = {}
        self._folded: dict[str, list[UnitNo]] = {}
        self._codes: dict[str, list[UnitNo]] = {}
        self._numbers: dict[str, list[UnitNo]] = {}  # codes that are digits, without the noughts before them
        self._names: dict[str, list[UnitNo]] = {}
        for unit in tree.units.values():
            path = tree.path_text(unit.no)
            _file(self._paths, path.casefold(), unit.no)
            _file(self._folded, fold_path(path), unit.no)
            if unit.code:
                _file(self._codes, unit.code.casefold(), unit.no)
                if unit.code.isdigit():
                    _file(self._numbers, unit.code.lstrip("0"), unit.no)
            for name in {fold(one) for one in (tree.name(unit), *unit.aliases)}:
                _file(self._names, name, unit.no)

    def text(self, no: UnitNo | None) -> str:
        """Return what names a unit and no other: its path, or "#12"; "" for None."""
        if no is None:
            return ""
        path = self.tree.path_text(no)
        return path if self._paths.get(path.casefold()) == [no] else f"#{no}"

    def find(self, text: str) -> UnitNo | None:
        """Return the unit that is named, None for an empty text. Raises CellError: none, or several."""
        written = read_text(text, max_chars=1_000)
        if not written:
            return None
        if written.startswith("#"):
            return self._by_number(written)
        path = " › ".join(part.strip() for part in written.replace(">", "›").split("›"))
        for found in (
            self._paths.get(path.casefold()),
            self.by_code(written),
            self._folded.get(fold_path(path)),
            self._names.get(fold(written)),
        ):
            if found:
                return self._only(found, written)
        raise CellError(
            "Không có đơn vị {text}. Hãy ghi đường dẫn như Điện Biên › Xã Mường Nhé, mã, hoặc #số.",
            text=written[:80],
        )

    def _by_number(self, text: str) -> UnitNo:
        number = whole_number(text[1:].strip(), most=NO_MAX)
        if number is not None and UnitNo(number) in self.tree.units:
            return UnitNo(number)
        raise CellError("Không có đơn vị số {text}.", text=text[:20])

    def by_code(self, code: str) -> list[UnitNo]:
        """Return whose code it is; a spreadsheet may have taken it for a number: 04 becomes 4."""
        found = self._codes.get(code.casefold())
        return found or (self._numbers.get(code.lstrip("0"), []) if code.isdigit() else [])

    def _only(self, found: list[UnitNo], text: str) -> UnitNo:
        if len(found) > 1:
            several = "; ".join(f"#{no} {self.tree.path_text(no)}" for no in found[:SHOWN_MAX])
            raise CellError(
                "{text} là tên của nhiều đơn vị: {several}. Hãy ghi #số.", text=text[:80], several=several
            )
        return found[0]


def is_same_number(one: str, other: str) -> bool:
    """Whether two codes of digits are the same but for the noughts before them."""
    return one.isdigit() and other.isdigit() and one.lstrip("0") == other.lstrip("0")


def fold_path(path: str) -> str:
    """Return a path without accents, case and punctuation, one name a line."""
    return "\n".join(fold(part) for part in path.split("›"))


def _file(names: dict[str, list[UnitNo]], key: str, no: UnitNo) -> None:
    names.setdefault(key, []).append(no)
