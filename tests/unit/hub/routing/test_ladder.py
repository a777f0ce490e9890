from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CallId, SpoolId, StationId
from hub.routing.ladder import (
    Ladder,
    asked_rung,
    list_owner,
    may_ring,
    next_rung,
    roster,
    rungs,
    specialties,
    staffed_rung,
)
from hub.routing.policy import LAST_RUNG, Policy, Rung, without_document
from hub.routing.policy_document import parse_policy
from hub.routing.told import CALLS_MAX, Told

ACCOUNTS = ("giam-doc", "lan", "minh", "thu", "Truong-Kip")
XA, TINH_STATION = StationId("con-dao-01"), StationId("dinh-01")
MORNING = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # Monday, eight o'clock there
NIGHT = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)  # Sunday, three o'clock there
DOCUMENT = """
failsafe = "giam-doc"
[units.tw]
[units.tinh]
parent = "tw"
[units.xa]
parent = "tinh"
hotline = "0254 3999 115"
[stations]
con-dao-01 = "xa"
dinh-01 = "tinh"
[[groups]]
unit = "xa"
members = ["LAN"]
hours = ["mon-fri 07:00-17:00"]
[[groups]]
unit = "tinh"
members = ["minh"]
[[groups]]
unit = "tw"
members = ["thu", "long-gone"]
hours = ["daily 07:00-22:00"]
[[supervisors]]
unit = "tinh"
account = "truong-kip"
phone = "+84912345678"
[[supervisors]]
unit = "tw"
account = "giam-doc"
hours = ["mon-fri 13:00-17:00"]
[[on_call]]
unit = "tinh"
name = "BS. Hoa"
phone = "0912345679"
hours = ["daily 18:00-06:00"]
[[on_call]]
unit = "tw"
name = "BS. Hoa (TW)"
phone = "0912345679"
[[roster]]
unit = "tw"
name = "GS. Bình"
specialties = ["Tim mạch", "nhi"]
phone = "0911111111"
[[roster]]
unit = "xa"
name = "BS. An"
specialties = ["tim mạch"]
account = "an"
hours = ["mon-fri 07:00-17:00"]
[[sms]]
name = "modem"
port = "/dev/ttyUSB0"
[[sms]]
name = "other-province"
unit = "xa"
command = ["sms", "{number}"]
rungs = ["doctor"]
"""


def policy(text: str = DOCUMENT) -> Policy:
    return parse_policy(text, path=Path("/srv/routing.toml"), accounts=ACCOUNTS)


def ladder(at: datetime, *, station: StationId = XA, is_emergency: bool = False) -> Ladder:
    return rungs(policy(), station, at, is_emergency=is_emergency, accounts=ACCOUNTS)


def test_rungs_add_up_from_the_unit_to_the_root_and_the_supervisor() -> None:
    steps = ladder(MORNING).steps
    assert [step.accounts for step in steps] == [
        {"lan"},
        {"lan", "minh", "thu"},
        {"lan", "minh", "thu", "Truong-Kip"},
        {"lan", "minh", "thu", "Truong-Kip"},
    ]
    assert [step.after_s for step in steps] == [0.0, 15.0, 30.0, 60.0]


def test_at_three_on_sunday_only_those_who_are_there_ring() -> None:
    assert [step.accounts for step in ladder(NIGHT).steps] == [
        frozenset(),
        {"minh"},
        {"minh", "Truong-Kip"},
        {"minh", "Truong-Kip"},
    ]


def test_a_supervisor_is_asked_in_his_hours() -> None:
    afternoon = MORNING.replace(hour=7)
    assert may_ring(ladder(afternoon), Rung.SUPERVISOR, "giam-doc")
    assert not may_ring(ladder(afternoon), Rung.PARENT, "giam-doc")
    assert not may_ring(ladder(MORNING), LAST_RUNG, "giam-doc")


def test_a_neighbours_unit_is_not_asked() -> None:
    assert ladder(MORNING, station=TINH_STATION).steps[Rung.UNIT].accounts == {"minh"}
    assert not may_ring(ladder(MORNING, station=TINH_STATION), LAST_RUNG, "lan")
    assert ladder(MORNING, station=StationId("nobody-named-it")).steps[Rung.UNIT].accounts == {"thu"}


def test_an_emergency_rings_the_first_three_rungs_at_once() -> None:
    emergency = ladder(MORNING, is_emergency=True)
    assert emergency.first_rung is Rung.SUPERVISOR
    assert ladder(MORNING).first_rung is Rung.UNIT
    assert [step.after_s for step in emergency.steps] == [0.0, 0.0, 0.0, 60.0]
    assert emergency.due_s(Rung.SUPERVISOR) == 60.0


def test_who_is_told_outside_is_told_at_the_rung_and_each_telephone_once() -> None:
    keys = {rung: [tell.key for tell in ladder(NIGHT).steps[rung].tells] for rung in Rung}
    assert keys == {
        Rung.UNIT: [],
        Rung.PARENT: [],
        Rung.SUPERVISOR: ["2 modem +84912345678"],
        Rung.DOCTOR: ["3 modem 0912345679", "3 other-province 0912345679"],
    }
    assert ladder(NIGHT).steps[Rung.DOCTOR].tells[0].people[0].name == "BS. Hoa"  # of the nearest unit
    assert ladder(MORNING).steps[Rung.DOCTOR].tells[0].people[0].name == "BS. Hoa (TW)"
    elsewhere = ladder(NIGHT, station=TINH_STATION).tells(LAST_RUNG)
    assert [tell.adapter.name for tell in elsewhere] == ["modem", "modem"]


def test_a_rung_without_a_ready_console_is_passed_at_once() -> None:
    one = ladder(MORNING)
    assert staffed_rung(one, Rung.UNIT, {"lan", "minh"}) is Rung.UNIT
    assert staffed_rung(one, Rung.UNIT, {"minh"}) is Rung.PARENT
    assert staffed_rung(one, Rung.UNIT, {"Truong-Kip"}) is Rung.SUPERVISOR
    assert staffed_rung(one, Rung.UNIT, {"giam-doc"}) is LAST_RUNG
    assert next_rung(one, Rung.UNIT, {"lan"}) is Rung.PARENT
    assert next_rung(one, Rung.SUPERVISOR, frozenset()) is LAST_RUNG


def test_the_last_rung_stays() -> None:
    assert next_rung(ladder(MORNING), LAST_RUNG, frozenset()) is LAST_RUNG
    assert ladder(MORNING).due_s(LAST_RUNG) is None


def owner(
    at: datetime, ready: Sequence[str], *, accounts: Sequence[str] = ACCOUNTS, **owed: int
) -> str | None:
    return list_owner(policy(), XA, at, ready, accounts=accounts, owed=owed)


def test_of_a_rung_that_nobody_stands_on_nothing_is_said() -> None:
    full = ladder(MORNING)
    assert [asked_rung(full, rung) for rung in Rung] == list(Rung)
    alone = rungs(without_document(), XA, MORNING, is_emergency=False, accounts=ACCOUNTS)
    assert {asked_rung(alone, rung) for rung in Rung} == {Rung.UNIT}
    parsed = parse_policy('failsafe = "lan"\n[units.tw]', path=Path("routing.toml"), accounts=ACCOUNTS)
    emptied = rungs(parsed, XA, MORNING, is_emergency=True, accounts=ACCOUNTS)
    assert asked_rung(emptied, Rung.SUPERVISOR) == Rung.UNIT


def test_a_missed_call_is_given_to_the_nearest_ready_operator_else_supervisor_else_failsafe() -> None:
    assert owner(MORNING, ["thu", "minh", "lan"]) == "lan"
    assert owner(MORNING, ["thu", "minh"]) == "minh"
    assert owner(NIGHT, ["thu", "lan"]) == "Truong-Kip"  # neither is there at night, though ready
    assert owner(NIGHT, [], accounts=("giam-doc", "lan")) == "giam-doc"
    assert owner(NIGHT, [], accounts=("lan",)) is None  # the failsafe has been removed since


def test_of_several_ready_operators_the_one_with_the_fewest_calls_gets_it() -> None:
    everybody = policy('failsafe = "lan"\n[[groups]]\nmembers = ["*"]')
    ready = ["minh", "thu", "lan"]

    def next_owner(owed: dict[str, int]) -> str | None:
        return list_owner(everybody, XA, MORNING, ready, accounts=ACCOUNTS, owed=owed)

    assert next_owner({"lan": 2, "minh": 1, "thu": 2}) == "minh"
    assert next_owner({"lan": 1, "minh": 1}) == "thu"
    assert next_owner({}) == "lan"


def test_doctors_are_invited_from_the_unit_up_and_only_in_their_hours() -> None:
    def names(at: datetime, specialty: str) -> list[str]:
        return [one.name for one in roster(policy(), XA, at, specialty=specialty)]

    assert names(MORNING, "TIM MẠCH") == ["BS. An", "GS. Bình"]
    assert names(NIGHT, "tim mạch") == ["GS. Bình"]
    assert names(MORNING, "da liễu") == []
    assert specialties(policy(), XA) == ("tim mạch", "nhi")
    assert specialties(policy(), TINH_STATION) == ("Tim mạch", "nhi")


names = st.sampled_from([*ACCOUNTS, "*", "long-gone"])
hours = st.lists(
    st.sampled_from(["daily 22:00-06:00", "mon-fri 07:00-17:00", "sun off", "holiday 08:00-09:00"]),
    max_size=2,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    units = ['[units.u0]\nname = "gốc"\nhotline = "115"\n']
    count = draw(st.integers(1, 5))
    units += [f'[units.u{no}]\nparent = "u{draw(st.integers(0, no - 1))}"\n' for no in range(1, count)]
    any_unit = st.integers(0, count - 1).map(lambda no: f'unit = "u{no}"\n')
    tables = [f'[stations]\n{XA} = "u{draw(st.integers(0, count - 1))}"\n']
    for _ in range(draw(st.integers(0, 3))):
        members = draw(st.lists(names, min_size=1, max_size=3))
        tables.append(f"[[groups]]\n{draw(any_unit)}members = {members}\nhours = {draw(hours)}\n")
    for _ in range(draw(st.integers(0, 2))):
        account = draw(st.sampled_from([*ACCOUNTS, "long-gone"]))
        tables.append(f'[[supervisors]]\n{draw(any_unit)}account = "{account}"\nhours = {draw(hours)}\n')
    for _ in range(draw(st.integers(0, 2))):
        tables.append(
            f'[[on_call]]\n{draw(any_unit)}name = "BS"\nphone = "0912345679"\nhours = {draw(hours)}\n'
        )
    tables.append('[[sms]]\nname = "modem"\nport = "/dev/ttyUSB0"\n')
    return 'failsafe = "giam-doc"\n' + "".join([*units, *tables])


@given(
    documents(),
    st.datetimes(timezones=st.just(UTC), min_value=datetime.fromisoformat("2026-01-01")),
    st.booleans(),
    st.sets(st.sampled_from(ACCOUNTS)),
)
def test_every_ladder_ends_somewhere_that_exists(
    text: str, at: datetime, is_emergency: bool, ready: set[str]
) -> None:
    found = policy(text)
    one = rungs(found, XA, at, is_emergency=is_emergency, accounts=ACCOUNTS)
    assert [step.rung for step in one.steps] == list(Rung)
    for lower, upper in zip(one.steps, one.steps[1:], strict=False):
        assert lower.accounts <= upper.accounts <= set(ACCOUNTS)
        assert lower.after_s <= upper.after_s <= one.missed_s
    rung, steps = staffed_rung(one, one.first_rung, ready), 0
    while rung is not LAST_RUNG:
        assert one.steps[rung].accounts & ready  # it waits for nobody who is not there
        assert one.due_s(rung) is not None
        above = next_rung(one, rung, ready)
        assert above > rung
        rung, steps = above, steps + 1
    assert steps < len(Rung)
    assert next_rung(one, rung, ready) is LAST_RUNG
    if not one.steps[LAST_RUNG].accounts & ready:
        assert staffed_rung(one, one.first_rung, ready) is LAST_RUNG
    assert list_owner(found, XA, at, ready, accounts=ACCOUNTS) in ACCOUNTS


CALL = CallId(XA, SpoolId(7), 1)


def test_what_was_told_is_not_told_again_not_even_after_a_restart() -> None:
    told, tells = Told(), ladder(NIGHT).tells(LAST_RUNG)
    first = told.untold(CALL, tells[:1])
    assert len(first) == 1
    told.add(CALL, [tell.key for tell in first])
    again = Told.from_json(told.to_json())
    for book in (told, again):
        assert book.untold(CALL, tells) == tells[1:]
        assert book.untold(CALL._replace(seq=2), tells) == tells
    again.forget(CALL)
    again.forget(CALL)
    assert again.untold(CALL, tells) == tells


@pytest.mark.parametrize("text", ["[]", "{", '{"x": []}'])
def test_a_book_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"object|property name|call"):
        Told.from_json(text)


def test_the_book_forgets_the_oldest_calls_first() -> None:
    told, (tell, *_) = Told(), ladder(NIGHT).tells(LAST_RUNG)
    for seq in range(1, CALLS_MAX + 2):
        told.add(CALL._replace(seq=seq), [tell.key])
    assert told.untold(CALL, [tell]) == (tell,)
    assert told.untold(CALL._replace(seq=CALLS_MAX + 1), [tell]) == ()
