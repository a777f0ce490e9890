"""Search without accents, filters and orders of the list, over rows made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import StationId
from hub.collation import name_key
from hub.fleet.compact import CUT_BIT, TROUBLE_SHIFT, Board, Row
from hub.fleet.folding import fold, is_found
from hub.fleet.health import Trouble
from hub.fleet.listing import Fleet, View, listed, view_of
from hub.fleet.presence import Rhythm, Word
from hub.fleet.units import UnitNo
from tests.unit.hub.fleet.folded_texts import FOLDED

NOW = 1_000_000  # tenths of a second
S = 10
NAMES = {"a": "Mường Nhé", "b": "Côn Đảo", "c": "Ea H'leo", "d": "Đảo Lý Sơn"}
UNITS = {"a": "Điện Biên", "b": "Thành phố Hồ Chí Minh", "c": "Đắk Lắk", "d": "Quảng Ngãi"}
ROWS = {
    "a": Row(NOW - 5 * S),
    "b": Row(NOW - 2_000 * S, Trouble.HOT << TROUBLE_SHIFT),
    "c": Row(None),
    "d": Row(NOW - 400 * S, (Trouble.DISK | Trouble.CLOCK) << TROUBLE_SHIFT),
}


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_text_is_folded_by_the_table(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_word_is_found_where_a_word_begins() -> None:
    assert is_found(["nhe", "muo"], "muong nhe")
    assert not is_found(["ong"], "muong nhe")
    assert is_found([], "")


def fleet(*, calls: tuple[str, ...] = (), is_deaf: bool = False) -> Fleet:
    board = Board(base_us=0)
    board.begin([StationId(one) for one in ROWS], {StationId(one): row for one, row in ROWS.items()})
    return Fleet(
        board=board,
        folded=[fold(f"{NAMES[one]} {UNITS[one]}") for one in ROWS],
        place={
            one: place
            for place, one in enumerate(sorted(map(StationId, ROWS), key=lambda one: name_key(NAMES[one])))
        },
        unit_key=lambda station: [name_key(UNITS[station])],
        unit_text=lambda station: UNITS[station],
        members=lambda no: {StationId("a"), StationId("c")} if no == 7 else set(),
        calls={StationId(one) for one in calls},
        now=NOW,
        is_hub_deaf=is_deaf,
    )


def found(view: View, *, calls: tuple[str, ...] = ()) -> str:
    return "".join(one.station for one in listed(fleet(calls=calls), view))


def test_who_needs_somebody_stands_first_calls_then_trouble_then_silence() -> None:
    assert found(View()) == "bdca"  # hot and silent, trouble and late, never heard, live
    assert found(View(), calls=("a",)) == "abdc"


@pytest.mark.parametrize(
    ("query", "stations"),
    [
        ("q=muong+nhe", "a"),
        ("q=dao", "bd"),
        ("q=DAK", "c"),
        ("q=zzz", ""),
        ("unit=7", "ca"),
        ("unit=8", ""),
        ("word=LIVE", "a"),
        ("word=LATE", "d"),
        ("word=SILENT", "b"),
        ("word=NEVER", "c"),
        ("trouble=any", "bd"),
        ("trouble=CLOCK", "d"),
        ("trouble=NONE", "bdca"),
        ("call=1", "c"),
        ("sort=name", "bdca"),
        ("sort=heard", "cbda"),
        ("sort=unit", "cadb"),
        ("group=unit", "cadb"),
        ("word=NOWHERE&unit=x&sort=up&page=-1&trouble=y", "bdca"),
    ],
)
def test_the_address_says_what_is_shown(query: str, stations: str) -> None:
    fields = dict(one.split("=") for one in query.replace("+", " ").split("&"))
    view = view_of(fields)
    calls = ("c",) if view.has_call else ()
    assert found(view, calls=calls) == stations
    assert view_of(dict(one.split("=") for one in view.query().split("&") if one)) in (
        view,
        view_of({**fields, "q": view.q.replace(" ", "+")}),
    )


def test_a_view_as_an_address_and_back() -> None:
    view = View(
        q="a", unit=UnitNo(3), word=Word.LATE, trouble=Trouble.HOT, has_call=True, sort="unit", grouped=True
    )
    assert view.query() == "q=a&unit=3&word=LATE&trouble=HOT&call=1&sort=unit&group=unit"
    assert View().query() == ""
    assert View(any_trouble=True, page=2).query() == "trouble=any&page=2"


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (Row(NOW - 360 * S), Word.LIVE),
        (Row(NOW - 360 * S - 1), Word.LATE),
        (Row(NOW - 1_080 * S - 1), Word.SILENT),
        (Row(NOW, CUT_BIT), Word.LATE),
        (Row(NOW - 4 * S, Rhythm.SAMPLES), Word.LATE),
        (Row(NOW - 25 * S, Rhythm.WATCHED), Word.SILENT),
        (Row(None, CUT_BIT), Word.NEVER),
        (Row(NOW + 50), Word.LIVE),
    ],
)
def test_the_word_of_a_row_follows_from_the_clock(row: Row, word: Word) -> None:
    assert row.word(NOW) is word


def test_a_hub_that_hears_nobody_calls_nobody_live() -> None:
    assert {one.word for one in listed(fleet(is_deaf=True), View())} == {Word.LATE, Word.SILENT, Word.NEVER}
