"""Where a box was and when, from the versions of its card."""

from contract.ids import StationId
from hub.fleet.box_stays import Stay, stays
from hub.fleet.imports import KEPT_MAX, Imports, KeptFile
from hub.fleet.preview import Preview
from hub.fleet.station_card import BoxCard
from hub.fleet.units import UnitNo

LY_SON = StationId("ly-son")


def test_a_box_that_comes_goes_and_is_retired_has_a_stay_a_place() -> None:
    versions = [
        (1, BoxCard(box="HD-1", unit=UnitNo(3))),
        (2, BoxCard(box="HD-1", station=LY_SON)),
        (3, BoxCard(box="HD-1", station=LY_SON, note="another note is no move")),
        (4, BoxCard(box="HD-1", retired=True)),
    ]
    assert stays(versions) == [
        Stay("HD-1", None, None, True, 4),
        Stay("HD-1", LY_SON, None, False, 2, 4),
        Stay("HD-1", None, UnitNo(3), False, 1, 2),
    ]
    assert stays([]) == []


def test_few_files_wait_and_each_only_for_whose_it_is() -> None:
    imports = Imports()
    for no in range(KEPT_MAX + 1):
        imports.keep(KeptFile("a.csv", "Minh", b"", Preview("units", str(no), (), (), {})))
    assert imports.get("0", by="Minh") is None  # the oldest went
    kept = imports.get("1", by="Minh")
    assert kept is not None
    assert imports.get("1", by="Lan") is None
    imports.drop("1", by="Minh")
    assert imports.get("1", by="Minh") is None
