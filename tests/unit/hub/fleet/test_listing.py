"""Search without accents, filters and orders of the list, over rows made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import StationId
from hub.collation import name_key
from hub.fleet.compact import CUT_BIT, TROUBLE_SHIFT, WORDS, Board, Row
from hub.fleet.folding import fold, found_among
from hub.fleet.health import Trouble
from hub.fleet.listing import SORTS, Fleet, Orders, Sort, View, listed, view_of
from hub.fleet.organisation import Organisation
from hub.fleet.presence import LIVE_S, Rhythm, Word, word_of
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree
from tests.unit.hub.fleet.folded_texts import FOLDED

NOW = 1_000_000  # tenths of a second
S = 10
NAMES = {"a": "Mường Nhé", "b": "Côn Đảo", "c": "Ea H'leo", "d": "Đảo Lý Sơn"}
UNITS = {"a": "Điện Biên", "b": "Thành phố Hồ Chí Minh", "c": "Đắk Lắk", "d": "Quảng Ngãi"}
ORGANISATION = Organisation(
    tree=UnitTree(
        {
            UnitNo(no): Unit(no=UnitNo(no), parent=None, names=(UnitName(name),))
            for no, name in enumerate(UNITS.values(), 1)
        }
    ),
    stations={
        StationId(one): StationCard(station=StationId(one), name=NAMES[one], unit=UnitNo(no))
        for no, one in enumerate(UNITS, 1)
    },
)
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
    padded = [" muong nhe", "", " nhe muong"]
    assert found_among("nhé Muo", padded, [0, 1, 2]) == [0, 2]
    assert found_among("ong", padded, [0, 1, 2]) == []
    assert found_among(" ", padded, [1, 2]) == [1, 2]


def fleet(*, calls: tuple[str, ...] = (), is_deaf: bool = False) -> Fleet:
    board = Board(base_us=0)
    board.begin([StationId(one) for one in ROWS], {StationId(one): row for one, row in ROWS.items()})
    by_name = sorted(map(StationId, ROWS), key=lambda one: name_key(NAMES[one]))
    orders = Orders(ORGANISATION, by_name, 1, board.stations)
    return Fleet(
        board=board,
        padded=[f" {fold(f'{NAMES[one]} {UNITS[one]}')}" for one in ROWS],
        place=orders.place,
        unit_place=lambda: orders.unit_place,
        members=lambda no: {StationId("a"), StationId("c")} if no == 7 else set(),
        calls={StationId(one) for one in calls},
        now=NOW,
        is_hub_deaf=is_deaf,
    )


def found(view: View, *, calls: tuple[str, ...] = ()) -> str:
    return "".join(one.station for one in listed(fleet(calls=calls), view).some(0, len(ROWS)))


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
    assert words_of([row]) == [word]


@given(
    st.lists(st.tuples(st.none() | st.integers(-20_000, 20_000), st.sampled_from(Rhythm), st.booleans())),
    st.integers(-20_000, 20_000),
)
def test_all_rows_at_once_have_the_words_of_each(
    rows: list[tuple[int | None, Rhythm, bool]], now: int
) -> None:
    found = words_of([Row(heard, beat | (CUT_BIT if is_cut else 0)) for heard, beat, is_cut in rows], now)
    ages_s = [None if heard is None else max(0, now - heard) / 10 for heard, _, _ in rows]
    assert found == [
        word_of(age_s, limit_s=LIVE_S[beat], is_cut=is_cut)
        for age_s, (_, beat, is_cut) in zip(ages_s, rows, strict=True)
    ]


def words_of(rows: list[Row], now: int = NOW) -> list[Word]:
    """The words of rows that stood there from the first, and of the same that came later."""
    made, changed = Board(base_us=0), Board(base_us=0)
    stations = [StationId(str(number)) for number in range(len(rows))]
    made.begin(stations, dict(zip(stations, rows, strict=True)))
    changed.begin(stations, {})
    for station, row in zip(stations, rows, strict=True):
        changed.put(station, row)
    assert (made.words(now) == changed.words(now)).all()
    return [WORDS[one] for one in made.words(now)]


def test_a_hub_that_hears_nobody_calls_nobody_live() -> None:
    found = listed(fleet(is_deaf=True), View())
    assert {one.word for one in found.some(0, 4)} == {Word.LATE, Word.SILENT, Word.NEVER}


def test_a_page_is_a_part_of_what_is_found_and_counts_are_of_all_of_it() -> None:
    found = listed(fleet(), View())
    assert len(found) == 4
    assert [one.station for one in found.some(2, 1)] == ["c"]
    assert found.some(4, 100) == []
    assert found.counts() == {Word.SILENT: 1, Word.LATE: 1, Word.NEVER: 1, Word.LIVE: 1}
    assert listed(fleet(), View(word=Word.LIVE)).counts() == {
        Word.SILENT: 0, Word.LATE: 0, Word.NEVER: 0, Word.LIVE: 1,
    }  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_is_of_few_as_of_many(sort: Sort) -> None:
    """What is found of some is what is found of all, without the others."""
    some = View(unit=UnitNo(7), sort=sort)
    assert found(some) == "".join(one for one in found(View(sort=sort)) if one in "ac")
