"""Who may be brought into a call, in which order."""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from contract.ids import StationId
from hub.calls.call import Call, Guest
from hub.calls.table import State
from hub.doctors.choice import Doctor, colleagues, doctors, in_turn
from hub.routing.hours import parse_hours
from hub.routing.policy import Policy, RosterDoctor, Unit, UnitId, without_document

VN = ZoneInfo("Asia/Ho_Chi_Minh")
STATION, OTHER = StationId("con-dao-01"), StationId("ly-son")
NOON = datetime(2026, 11, 26, 5, tzinfo=UTC)  # 12:00 in Vietnam, a Thursday
CALL = Call(state=State.ACTIVE, owner="Lan", since_us=0)
ACCOUNTS = ("BS An", "BS Bình", "BS Cúc", "BS Dũng")


def unit(name: str, parent: str | None) -> Unit:
    return Unit(id=UnitId(name), name=name, parent=None if parent is None else UnitId(parent), zone=VN)


def doctor(name: str, at: str, *specialties: str, hours: str = "", account: str | None = "") -> RosterDoctor:
    return RosterDoctor(
        unit=UnitId(at),
        name=name,
        specialties=specialties,
        account=name if account == "" else account,
        phone="0900",
        hours=parse_hours([hours] if hours else []),
    )


POLICY = Policy(
    path=None,
    units=MappingProxyType(
        {
            UnitId(one.id): one
            for one in (
                unit("central", None),
                unit("province", "central"),
                unit("commune", "province"),
                unit("elsewhere", "province"),
            )
        }
    ),
    stations={STATION: UnitId("commune"), OTHER: UnitId("elsewhere")},
    root=UnitId("central"),
    roster={
        UnitId("central"): (doctor("BS Cúc", "central", "tim mạch"),),
        UnitId("province"): (
            doctor("bs bình", "province", "Tim mạch", "nội"),
            doctor("BS Gọi", "province", "tim mạch", account=None),
            doctor("BS Đêm", "province", "tim mạch", hours="daily 22:00-06:00"),
        ),
        UnitId("commune"): (doctor("BS An", "commune", "nội"),),
        UnitId("elsewhere"): (doctor("BS Dũng", "elsewhere", "nội"),),
    },
)


def found(*ready: str, call: Call = CALL) -> tuple[Doctor, ...]:
    return doctors(POLICY, STATION, NOON, call=call, accounts=ACCOUNTS, ready=ready)


def test_the_communes_own_comes_before_the_provinces_and_that_one_before_the_central_hospitals() -> None:
    assert [(one.name, one.unit) for one in found()] == [
        ("BS An", "commune"),
        ("bs bình", "province"),
        ("BS Gọi", "province"),
        ("BS Cúc", "central"),
    ]


def test_capitals_do_not_matter_and_the_account_is_written_as_it_is_at_the_login() -> None:
    assert [one.account for one in found()] == ["BS An", "BS Bình", None, "BS Cúc"]


def test_who_is_in_no_roster_comes_last_and_one_of_another_unit_not_at_all() -> None:
    more = doctors(POLICY, STATION, NOON, call=CALL, accounts=(*ACCOUNTS, "BS Lạ"), ready=["BS Lạ"])
    assert (more[-1].name, more[-1].is_ready) == ("BS Lạ", True)
    assert "BS Dũng" not in [one.name for one in more]


def test_without_a_document_every_doctors_account_may_be_asked() -> None:
    alone = doctors(without_document(), STATION, NOON, call=CALL, accounts=["BS An"], ready=[])
    assert [(one.account, one.is_ready) for one in alone] == [("BS An", False)]


def test_those_who_are_ready_are_asked_in_the_order_of_the_roster() -> None:
    every = found("BS Cúc", "BS Bình", "BS An")
    assert in_turn(every) == ("BS An", "BS Bình", "BS Cúc")
    assert in_turn(every, specialty="TIM MẠCH") == ("BS Bình", "BS Cúc")
    assert in_turn(found("BS Cúc"), specialty="tim mạch") == ("BS Cúc",)
    assert in_turn(found()) == ()


def test_whom_the_operator_chose_is_asked_first_even_if_he_is_not_ready_and_then_those_after_him() -> None:
    every = found("BS An", "BS Cúc")
    assert in_turn(every, first="BS Bình") == ("BS Bình", "BS Cúc")
    assert in_turn(every, first="BS Bình", specialty="nội") == ("BS Bình",)
    assert in_turn(every, first="Kẻ lạ") == ("BS An", "BS Cúc")


def test_who_is_there_already_is_not_asked_again() -> None:
    with_an = replace(CALL, guests=(Guest("BS An", "doctor"),))
    every = found("BS An", "BS Bình", call=with_an)
    assert every[0].is_there
    assert in_turn(every) == ("BS Bình",)


def test_colleagues_who_are_ready_come_first_and_whoever_asks_is_not_one() -> None:
    some = colleagues(CALL, me="Lan", accounts=("Lan", "Minh", "Hoa", "an"), ready={"Minh", "Lan"})
    assert [(one.name, one.is_ready) for one in some] == [("Minh", True), ("an", False), ("Hoa", False)]
