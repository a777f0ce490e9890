from dataclasses import replace

import pytest

from contract.ids import StationId
from hub.alerts.alert import BEFORE, EVERYWHERE, Place
from hub.alerts.facts import AT_REST, Fact, HubFacts, StationFacts
from hub.alerts.rules import BUILT_IN, Rules
from hub.alerts.table import State
from hub.alerts.watchman import LOOKS_AT_ONCE, Watchman
from hub.fleet.units import UnitNo
from tests.unit.hub.alerts.rules_of_tests import HIGH, MEDIUM, RULES, Street, hot, names

ONE = {"co-to": (1,)}
ISLANDS = {"a": (1, 2), "b": (1, 2), "c": (1, 2), "far": (1, 3)}


def silent(since_s: float) -> StationFacts:
    return StationFacts(silent=Fact(since_s=since_s))


def test_nothing_is_looked_at_before_its_time() -> None:
    street = Street(ONE)
    street.tell("co-to", silent(0.0), now_s=0.0)
    street.turn(0.0)
    street.looks.clear()
    street.run(899.9)
    assert StationId("co-to") not in street.looks
    street.run(900.0)
    assert street.looks.count(StationId("co-to")) == 1
    street.run(1_199.9)
    assert street.looks.count(StationId("co-to")) == 1
    assert "RAISE" in names(street.run(1_200.0))


def test_a_station_that_was_heard_meanwhile_is_only_put_off() -> None:
    street = Street(ONE)
    street.tell("co-to", silent(0.0), now_s=0.0)
    street.facts[StationId("co-to")] = silent(850.0)  # nobody says so: it need not be looked at for that
    street.looks.clear()
    assert street.run(1_749.9) == []
    assert street.looks.count(StationId("co-to")) == 1


def test_an_alert_is_raised_once_and_closed_once() -> None:
    street = Street(ONE)
    assert names(street.tell("co-to", hot(85, 0.0), now_s=0.0)) == []
    assert names(street.tell("co-to", hot(85, 300.0), now_s=300.0)) == ["RAISE"]
    assert names(street.tell("co-to", hot(86, 600.0), now_s=600.0)) == []
    (alert,) = street.man.alerts.values()
    assert (alert.place, alert.severity, alert.since_s, alert.raised_s) == (
        Place(station=StationId("co-to")), MEDIUM, 0.0, 300.0,
    )  # fmt: skip
    assert names(street.tell("co-to", hot(65, 900.0), now_s=900.0)) == ["CALM"]
    assert names(street.tell("co-to", hot(65, 1_500.0), now_s=1_500.0)) == ["CLEAR"]
    assert street.man.alerts == {} and not street.man.is_watching(StationId("co-to"))


def test_a_flapping_link_is_one_alert_with_a_count() -> None:
    street, moves, now_s = Street(ONE), [], 0.0
    moves += street.tell("co-to", hot(85, 0.0), now_s=0.0)
    moves += street.tell("co-to", hot(85, 300.0), now_s=300.0)
    for round_ in range(10):
        now_s = 600.0 + 600.0 * round_
        moves += street.tell("co-to", hot(60, now_s), now_s=now_s)
        moves += street.tell("co-to", hot(85, now_s + 300), now_s=now_s + 300)
    assert names(moves) == ["RAISE", *["CALM", "AGAIN"] * 10]
    (alert,) = street.man.alerts.values()
    assert (alert.count, alert.since_s, alert.raised_s) == (11, 0.0, 300.0)


def test_what_is_not_told_any_more_stays_as_it_is() -> None:
    street = Street(ONE)
    street.tell("co-to", hot(85, 0.0), now_s=0.0)
    street.tell("co-to", hot(85, 300.0), now_s=300.0)
    assert street.run(1e6) == []
    assert street.tell("co-to", StationFacts(), now_s=1e6) == []
    assert len(street.man.alerts) == 1


def test_a_worse_value_is_worse_and_stays_so() -> None:
    street = Street(ONE)
    for now_s in (0.0, 300.0):
        street.tell("co-to", hot(85, now_s), now_s=now_s)
    assert names(street.tell("co-to", hot(95, 600.0), now_s=600.0)) == []
    assert names(street.tell("co-to", hot(95, 900.0), now_s=900.0)) == ["WORSE"]
    (alert,) = street.man.alerts.values()
    assert alert.severity is HIGH and alert.value == 95
    assert names(street.tell("co-to", hot(85, 1_200.0), now_s=1_200.0)) == []


def test_one_raised_beyond_the_worse_limit_is_worse_at_once() -> None:
    street = Street(ONE)
    street.tell("co-to", hot(95, 0.0), now_s=0.0)
    assert names(street.tell("co-to", hot(95, 300.0), now_s=300.0)) == ["RAISE", "WORSE"]


def test_a_unit_that_falls_silent_together_is_one_alert_with_members() -> None:
    street = Street(ISLANDS)
    for name, since_s in (("a", 0.0), ("b", 100.0), ("c", 200.0), ("far", 5_000.0)):
        street.tell(name, silent(since_s), now_s=0.0)
    moves = street.run(2_000.0)
    assert names(moves) == ["RAISE", "JOINED"]
    (alert,) = street.man.alerts.values()
    assert alert.place == Place(unit=UnitNo(2))
    assert alert.members == {"a", "b", "c"} and moves[-1].joined == {"a", "b", "c"}


@pytest.mark.parametrize("closed", [1, 3, 6])
def test_stations_that_are_no_more_keep_nothing_from_being_one_alert(closed: int) -> None:
    gone = {f"closed-{number}": (1, 2) for number in range(closed)}
    street = Street(ISLANDS | gone)
    street.facts |= {StationId(name): AT_REST for name in gone}
    street.tell("far", silent(9e9), now_s=0.0)
    for name in ("a", "b", "c"):
        street.tell(name, silent(0.0), now_s=0.0)
    assert names(street.run(1_300.0)) == ["RAISE", "JOINED"]
    (alert,) = street.man.alerts.values()
    assert alert.place == Place(unit=UnitNo(2)) and alert.members == {"a", "b", "c"}


def test_a_station_that_is_opened_again_counts_again() -> None:
    street = Street(ISLANDS | {"d": (1, 2)})
    street.facts[StationId("d")] = AT_REST
    street.tell("far", silent(9e9), now_s=0.0)
    street.turn(0.0)
    street.facts[StationId("d")] = silent(9e9)
    street.man.regroup([StationId("d")], lambda _: None, now_s=10.0)
    for name in ("a", "b", "c"):
        street.tell(name, silent(0.0), now_s=10.0)
    assert names(street.run(1_300.0)) == ["RAISE"] * 3  # "d" is well: not all of the unit are so


def test_its_stations_come_back_one_by_one_and_the_last_closes_it() -> None:
    street = Street(ISLANDS)
    for name in ("a", "b", "c"):
        street.tell(name, silent(0.0), now_s=0.0)
    street.tell("far", silent(9e9), now_s=0.0)
    street.run(1_200.0)
    back: list[str] = []
    for name in ("a", "b", "c"):
        back += names(street.tell(name, silent(9e9), now_s=2_000.0))
    assert back == ["CALM"]
    assert names(street.run(3_799.9)) == []
    assert names(street.turn(3_800.0)) == ["CLEAR"]


def test_a_station_that_stays_away_holds_its_units_alert_alone() -> None:
    street = Street(ISLANDS)
    for name in ("a", "b", "c"):
        street.tell(name, silent(0.0), now_s=0.0)
    street.tell("far", silent(9e9), now_s=0.0)
    street.run(1_200.0)
    for name in ("a", "b"):
        street.tell(name, silent(9e9), now_s=2_000.0)
    moves = street.run(3_800.0)
    assert names(moves) == ["LEFT"] and moves[0].left == {"a", "b"}
    (alert,) = street.man.alerts.values()
    assert alert.members == {"c"} and alert.calm_s is None


def test_alerts_of_single_stations_become_part_of_their_units() -> None:
    street = Street(ISLANDS)
    street.tell("far", silent(9e9), now_s=0.0)
    street.tell("b", silent(5_000.0), now_s=0.0)
    street.tell("c", silent(5_000.0), now_s=0.0)
    street.tell("a", silent(0.0), now_s=0.0)
    assert names(street.run(1_300.0)) == ["RAISE"]  # a alone
    moves = street.run(6_300.0)
    assert names(moves) == ["RAISE", "GATHERED", "JOINED"]
    (alert,) = street.man.alerts.values()
    assert alert.members == {"a", "b", "c"}
    assert moves[1].after.state is State.CLEARED and moves[1].detail == {"into": alert.no}


def test_who_was_told_of_a_single_one_knows_of_its_units() -> None:
    street = Street(ISLANDS)
    street.tell("far", silent(9e9), now_s=0.0)
    for name, since_s in (("a", 0.0), ("b", 5_000.0), ("c", 5_000.0)):
        street.tell(name, silent(since_s), now_s=0.0)
    street.run(1_300.0)
    (single,) = street.man.alerts.values()
    street.man.alerts[single.no] = replace(single, told={"1 Lan": "sent", "2 x": "failed"})
    street.run(6_300.0)
    (alert,) = street.man.alerts.values()
    assert alert.members == {"a", "b", "c"} and alert.told == {"1 Lan": BEFORE}


def test_the_whole_fleet_is_one_alert_too() -> None:
    units = {f"s{number}": (number % 7 + 1,) for number in range(1_000)}
    street = Street(units)
    for name in units:
        street.tell(name, silent(0.0), now_s=0.0)
    assert names(street.run(1_500.0)) == ["RAISE", "JOINED"]
    (alert,) = street.man.alerts.values()
    assert alert.place == Place(unit=EVERYWHERE) and len(alert.members) == 1_000


def test_half_of_a_unit_that_nobody_knows_of_gathers_nothing() -> None:
    units = {f"s{number}": (1,) for number in range(8)}
    street = Street(units)
    for name in ("s0", "s1", "s2"):
        street.tell(name, hot(85, 0.0), now_s=0.0)
        street.tell(name, hot(85, 300.0), now_s=300.0)
    assert sorted(str(one.place) for one in street.man.alerts.values()) == [
        "station:s0",
        "station:s1",
        "station:s2",
    ]


def test_a_hub_that_hears_nobody_is_one_alert_of_the_hub() -> None:
    units = {f"s{number}": (1,) for number in range(100)}
    street = Street(units, rules=Rules(rules=BUILT_IN))
    street.facts[None] = HubFacts(deaf=Fact(since_s=0.0))
    for name in units:
        street.tell(name, StationFacts(silent=None), now_s=0.0)
    moves = street.run(90_000.0)
    assert names(moves) == ["RAISE"]
    assert str(moves[0].after.place) == "hub" and moves[0].after.severity is HIGH


def test_alerts_outlive_a_restart_and_are_closed_by_knowledge_only() -> None:
    street = Street(ONE)
    for now_s in (0.0, 300.0):
        street.tell("co-to", hot(85, now_s), now_s=now_s)
    (alert,) = street.man.alerts.values()
    again = Street(ONE, now_s=400.0)
    again.man = Watchman(RULES, path_of=lambda _: (UnitNo(1),), unit_named=lambda _: None, next_no=2)
    assert again.man.begin([alert], now_s=400.0) == []
    assert again.run(5_000.0) == []
    assert names(again.tell("co-to", hot(85, 5_000.0), now_s=5_000.0)) == []  # the same alert, not another
    assert names(again.tell("co-to", hot(60, 5_300.0), now_s=5_300.0)) == ["CALM"]
    assert names(again.tell("co-to", hot(60, 5_900.0), now_s=5_900.0)) == ["CLEAR"]


def test_an_alert_of_a_rule_that_is_no_more_is_closed() -> None:
    street = Street(ONE)
    for now_s in (0.0, 300.0):
        street.tell("co-to", hot(85, now_s), now_s=now_s)
    man = Watchman(Rules(rules={}), path_of=lambda _: (), unit_named=lambda _: None, next_no=2)
    assert names(man.begin(street.man.alerts.values(), now_s=400.0)) == ["CLEAR"]


def test_a_turn_looks_at_so_many_and_leaves_the_rest_for_the_next() -> None:
    units = {f"s{number}": (1,) for number in range(3 * LOOKS_AT_ONCE)}
    street = Street(units)
    street.man.turn(street.of, now_s=0.0)
    assert len(street.looks) == LOOKS_AT_ONCE


def test_a_look_that_fails_forgets_no_station() -> None:
    street = Street({"a": (1,), "b": (1,)})
    broken = [StationId("a")]

    def of(station: StationId | None) -> StationFacts | HubFacts:
        if station in broken:
            raise ZeroDivisionError
        return HubFacts() if station is None else hot(85, 0.0)

    with pytest.raises(ZeroDivisionError):
        street.man.turn(of, now_s=0.0)
    broken.clear()
    while (due_s := street.man.next_s()) is not None and due_s <= 400.0:
        street.man.turn(of, now_s=due_s)
    assert sorted(str(one.place) for one in street.man.alerts.values()) == ["station:a", "station:b"]


def test_a_hub_that_starts_raises_one_alert_of_all_and_not_thousands() -> None:
    units = {f"s{number}": (number % 7 + 1,) for number in range(5 * LOOKS_AT_ONCE)}
    street = Street(units)
    for name in units:  # they were silent long before it began
        street.facts[StationId(name)] = silent(-10_000.0)
    assert names(street.turn(0.0)) == ["RAISE", "JOINED"]
    (alert,) = street.man.alerts.values()
    assert len(alert.members) == len(units)


def test_a_station_is_waited_for_only_while_hearing_it_can_end_something() -> None:
    street, station = Street(ONE), StationId("co-to")
    street.tell("co-to", hot(85, 0.0), now_s=0.0)
    street.tell("co-to", hot(85, 300.0), now_s=300.0)
    assert len(street.man.alerts) == 1 and not street.man.is_watching(station)
    street.tell("co-to", silent(300.0), now_s=1_600.0)
    assert len(street.man.alerts) == 2 and street.man.is_watching(station)
    street.tell("co-to", silent(1_700.0), now_s=1_700.0)
    street.tell("co-to", silent(3_500.0), now_s=3_500.0)
    assert len(street.man.alerts) == 1 and not street.man.is_watching(station)


def test_a_station_that_moves_is_looked_at_again_and_none_beside_it() -> None:
    street = Street({f"s{number:05d}": (1, 2 + number % 7) for number in range(14_000)})
    street.turn(0.0)
    street.looks.clear()
    moved = StationId("s00003")
    street.paths[moved] = (UnitNo(1), UnitNo(99))
    street.man.regroup([moved], lambda _: None, now_s=1.0)
    street.turn(1.0)
    assert [one for one in street.looks if one is not None] == [moved]
    assert street.man.path(Place(station=moved)) == (EVERYWHERE, UnitNo(1), UnitNo(99))


def test_all_are_looked_at_again_when_a_rule_s_unit_is_another() -> None:
    rules = Rules(rules={name: replace(rule, unit="Cô Tô") for name, rule in RULES.rules.items()})
    street = Street(ISLANDS, rules=rules)
    street.turn(0.0)
    street.looks.clear()
    street.man.regroup([], lambda _: UnitNo(2), now_s=1.0)
    street.turn(1.0)
    assert {one for one in street.looks if one is not None} == set(ISLANDS)


def test_who_moves_counts_in_the_new_unit_and_no_more_in_the_old_one() -> None:
    street = Street({"a": (1, 2), "b": (1, 2), "c": (1, 2), "d": (1, 2), "far": (1, 3), "off": (1, 3)})
    for name in ("a", "b", "c"):
        street.tell(name, silent(0.0), now_s=0.0)
    for name in ("d", "far", "off"):
        street.tell(name, silent(9e9), now_s=0.0)
    street.paths[StationId("d")] = (UnitNo(1), UnitNo(3))  # who was well leaves: now all of unit 2 are silent
    street.man.regroup([StationId("d")], lambda _: None, now_s=1.0)
    street.run(1_200.0)
    (alert,) = street.man.alerts.values()
    assert alert.place == Place(unit=UnitNo(2)) and alert.members == {"a", "b", "c"}
