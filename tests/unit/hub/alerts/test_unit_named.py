"""Which unit alerts.toml means: the same one as a cell or a field of that text does."""

import pytest

from hub.alerts.unit_names import unit_named
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree


def unit(no: int, name: str, *, code: str | None = None, aliases: tuple[str, ...] = ()) -> Unit:
    return Unit(no=UnitNo(no), parent=None, names=(UnitName(name),), code=code, aliases=aliases)


UNITS = UnitNames(
    UnitTree(
        {
            one.no: one
            for one in (
                unit(4, "Điện Biên", code="11"),
                unit(11, "Cao Bằng", code="04"),
                unit(20, "Cô Tô", aliases=("Huyện Cô Tô",)),
                unit(21, "Hòa Bình"),
                unit(22, "Hòa Bình"),
            )
        }
    )
)


@pytest.mark.parametrize(
    ("name", "no"),
    [
        ("11", 4),
        ("04", 11),
        ("4", 11),
        ("#4", 4),
        ("#11", 11),
        ("20", 20),
        ("co to", 20),
        ("Huyện Cô Tô", 20),
        ("Hòa Bình", None),
        ("99", None),
        ("#99", None),
        ("²", None),
    ],
)
def test_a_document_and_a_field_mean_the_same_unit(name: str, no: int | None) -> None:
    assert unit_named(UNITS, name) == no
