"""Random facts, cuts of knowledge and restarts: what may never happen to an alert, whatever comes."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import StationId
from hub.alerts.facts import Fact, StationFacts
from hub.alerts.table import Input
from hub.alerts.watchman import Watchman
from tests.unit.hub.alerts.rules_of_tests import HOT, RULES, SILENT, Street

UNITS = {"a": (1, 2), "b": (1, 2), "c": (1, 2), "d": (1, 3), "e": (1, 3)}
STEP = st.tuples(
    st.sampled_from(sorted(UNITS)),
    st.sampled_from([10, 60, 299, 300, 301, 899, 900, 1_200, 2_000]),
    st.one_of(st.none(), st.sampled_from([50.0, 69.0, 75.0, 80.0, 85.0, 95.0])),
    st.booleans(),
    st.sampled_from(["", "", "", "restart"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_no_alert_flaps_and_each_is_closed_once(steps: list[Any]) -> None:
    street, now_s = Street(UNITS), 0.0
    moves: list[Any] = []
    over_since: dict[str, float | None] = dict.fromkeys(UNITS)
    heard = dict.fromkeys(UNITS, 0.0)
    for name in UNITS:
        street.facts[StationId(name)] = StationFacts(silent=Fact(since_s=0.0))
    for name, wait_s, value, is_heard, deed in steps:
        moves += street.run(now_s + wait_s)
        now_s += wait_s
        if is_heard:
            heard[name] = now_s
        temperature = None if value is None else Fact(value, now_s)
        moves += street.tell(
            name, StationFacts(silent=Fact(since_s=heard[name]), temperature=temperature), now_s=now_s
        )
        over_since[name] = now_s if value is not None and value >= HOT.limit else None
        if deed:
            before = list(street.man.alerts.values())
            street.man = Watchman(
                RULES, path_of=lambda _: (), unit_named=lambda _: None, next_no=street.man.next_no
            )
            moves += street.man.begin(before, now_s=now_s)
            street.man.add([StationId(one) for one in UNITS], now_s=now_s)
        moves += street.turn(now_s)
    raised = Counter(moved.after.no for moved in moves if moved.input is Input.RAISE)
    closed = Counter(moved.after.no for moved in moves if not moved.after.is_open)
    assert set(raised.values()) <= {1} and set(closed.values()) <= {1}
    open_now = set(street.man.alerts)
    assert set(raised) - set(closed) == open_now
    for moved in moves:
        rule = RULES.rules[moved.after.rule]
        if moved.input is Input.RAISE:
            assert moved.after.raised_s >= moved.after.since_s + rule.hold_s
        if moved.input is Input.CLEAR:
            assert moved.after.calm_s is not None
    keys = Counter((one.rule, str(one.place)) for one in street.man.alerts.values())
    assert set(keys.values()) <= {1}  # never two of one thing
    parts = Counter(
        (one.rule, station)
        for one in street.man.alerts.values()
        for station in (one.members or {one.place.station})
    )
    assert set(parts.values()) <= {1}
    assert SILENT.name in RULES.rules
