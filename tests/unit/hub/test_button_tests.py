"""Stations whose button has not been pressed for a week."""

from contract.ids import CallId, SpoolId, StationId
from hub.calls.button_tests import DAY_US, Proof, Standing, standings

NOW_US = 1_790_000_000_000_000
A, B, C, D = (StationId(name) for name in ("tram-a", "tram-b", "tram-c", "tram-d"))


def pressed(station: StationId, days: float, kind: str = "test") -> Proof:
    at_us = NOW_US - round(days * DAY_US)
    return Proof(call_id=CallId(station, SpoolId(1), 1), received_utc_us=at_us, kind=kind)  # type: ignore[arg-type]


def test_those_never_pressed_come_first_and_then_the_oldest() -> None:
    proofs = {A: pressed(A, 1), B: pressed(B, 30), D: pressed(D, 8)}
    order = standings([A, B, C, D], proofs, now_utc_us=NOW_US)
    assert [(one.station, one.is_overdue) for one in order] == [(C, True), (B, True), (D, True), (A, False)]
    assert order[0] == Standing(C, None, True)


def test_a_test_a_drill_and_a_call_for_help_prove_the_button_alike() -> None:
    proofs = {A: pressed(A, 6.9), B: pressed(B, 6.9, "drill"), C: pressed(C, 6.9, "real")}
    assert not any(one.is_overdue for one in standings([A, B, C], proofs, now_utc_us=NOW_US))
    assert all(one.is_overdue for one in standings([A, B, C], proofs, now_utc_us=NOW_US, every_days=6))


def test_a_week_to_the_second_is_in_time() -> None:
    proofs = {A: pressed(A, 7)}
    assert not standings([A], proofs, now_utc_us=NOW_US)[0].is_overdue
    assert standings([A], proofs, now_utc_us=NOW_US + 1)[0].is_overdue
