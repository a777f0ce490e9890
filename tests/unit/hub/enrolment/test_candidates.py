from contract.ids import BoxName, StationId
from hub.enrolment.candidates import CANDIDATES_MAX, FROM_ONE_ADDRESS, LIFE_S, SILENT_S, Candidates

CON_DAO = BoxName(StationId("con-dao-01"))


def add(
    some: Candidates, ticket: str = "t1", *, address: str = "a", random: int = 48_213, now_s: float = 0.0
) -> str:
    found = some.add(key=b"k", serial="s", address=address, ticket=ticket, random=random, now_s=now_s)
    return "" if found is None else found.number


def test_a_number_is_six_digits_and_nobody_elses() -> None:
    some = Candidates()
    assert add(some) == "048 213"
    assert add(some, "t2") == "048 214"
    assert [one.number for one in some.waiting(now_s=1.0)] == ["048 214", "048 213"]


def test_it_is_found_however_it_was_typed() -> None:
    some = Candidates()
    add(some)
    for typed in ("048 213", "048213", " 0 4 8 2 1 3 "):
        found = some.by_number(typed, now_s=1.0)
        assert found is not None and found.ticket == "t1"
    assert some.by_number("48213", now_s=1.0) is None
    assert some.by_number("", now_s=1.0) is None


def test_a_ticket_counts_with_its_own_key_only() -> None:
    some = Candidates()
    add(some)
    assert some.ask("t1", key=b"another", now_s=1.0) is None
    assert some.ask("t2", key=b"k", now_s=1.0) is None
    found = some.ask("t1", key=b"k", now_s=1.0)
    assert found is not None and found.box is None
    some.take(found, CON_DAO)
    again = some.ask("t1", key=b"k", now_s=2.0)
    assert again is not None and again.box == CON_DAO
    assert some.waiting(now_s=2.0) == []


def test_who_asks_no_more_is_forgotten_and_so_is_an_old_number() -> None:
    some = Candidates()
    add(some)
    assert some.ask("t1", key=b"k", now_s=SILENT_S) is not None
    assert some.by_number("048213", now_s=2 * SILENT_S) is not None
    assert some.by_number("048213", now_s=2 * SILENT_S + 0.1) is None
    add(some, now_s=1_000.0)
    for second in range(1_000, int(1_000 + LIFE_S), 30):
        assert some.ask("t1", key=b"k", now_s=float(second)) is not None
    assert some.ask("t1", key=b"k", now_s=1_000.1 + LIFE_S) is None


def test_neither_one_address_nor_many_fill_the_list_for_ever() -> None:
    some = Candidates()
    for number in range(FROM_ONE_ADDRESS):
        assert add(some, f"t{number}")
    assert add(some, "more") == ""
    for number in range(CANDIDATES_MAX - FROM_ONE_ADDRESS):
        assert add(some, f"u{number}", address=f"b{number}")
    assert add(some, "too many", address="new") == ""
    assert add(some, "later", address="new", now_s=SILENT_S + 1.0)
