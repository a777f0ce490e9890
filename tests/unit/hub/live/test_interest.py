from contract.ids import StationId
from hub.live.interest import LINGER_S, RENEW_S, Leases

A, B = StationId("a"), StationId("b")


def test_a_lease_is_given_at_once_and_renewed_every_ten_seconds_while_somebody_watches() -> None:
    leases = Leases()
    assert leases.due({A}, now_s=0.0) == [(A, 30.0)]
    leases.said(A, now_s=0.0)
    assert leases.due({A}, now_s=RENEW_S - 0.1) == []
    assert leases.due({A, B}, now_s=RENEW_S) == [(A, 30.0), (B, 30.0)]


def test_what_could_not_be_said_is_due_again() -> None:
    leases = Leases()
    leases.due({A}, now_s=0.0)
    assert leases.due({A}, now_s=0.5) == [(A, 30.0)]


def test_a_lease_ends_a_little_after_the_last_page_and_not_between_two_pages() -> None:
    leases = Leases()
    leases.due({A}, now_s=0.0)
    leases.said(A, now_s=0.0)
    assert leases.due((), now_s=LINGER_S) == []
    leases.due({A}, now_s=LINGER_S)
    assert leases.due((), now_s=2 * LINGER_S + 0.1) == [(A, 0.0)]
    assert leases.since_s(A) is None
    assert leases.due((), now_s=100.0) == []


def test_a_station_that_connects_anew_is_told_again() -> None:
    leases = Leases()
    leases.due({A}, now_s=0.0)
    leases.said(A, now_s=0.0)
    leases.forgotten_by(A)
    leases.forgotten_by(B)
    assert leases.due({A}, now_s=1.0) == [(A, 30.0)]
    assert leases.since_s(A) == 0.0
