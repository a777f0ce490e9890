from contract.media import Join, Leave, Renew
from edge.video.meeting import OFFER_AGAIN_S, Do, Meeting

SPOOL, SEQ = "0123456789abcdef", 6
PAGE, OTHER = "a" * 16, "b" * 16
LEG, NEXT = "1" * 16, "2" * 16


def join(page: str = PAGE, leg: str | None = None) -> Join:
    return Join(spool=SPOOL, call_seq=SEQ, page=page, leg=leg)


def renew(leg: str = LEG) -> Renew:
    return Renew(spool=SPOOL, call_seq=SEQ, page=PAGE, leg=leg)


def connected() -> Meeting:
    meeting = Meeting()
    assert meeting.on_join(join(), now_s=10.0) is Do.BEGIN_LEG
    meeting.began(LEG, now_s=10.0)
    assert meeting.on_answered(LEG)
    meeting.on_connected()
    return meeting


def test_the_first_join_begins_a_leg() -> None:
    meeting = Meeting()
    assert meeting.on_join(join(), now_s=10.0) is Do.BEGIN_LEG
    assert meeting.page == PAGE


def test_a_join_that_is_said_again_before_the_answer_gets_the_offer_again() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    assert meeting.on_join(join(), now_s=12.0) is Do.SAY_OFFER
    assert meeting.next_s == 12.0 + OFFER_AGAIN_S


def test_an_offer_is_said_again_until_it_is_answered() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    assert meeting.on_tick(now_s=12.9) is Do.NOTHING
    assert meeting.on_tick(now_s=13.0) is Do.SAY_OFFER
    assert meeting.on_tick(now_s=16.0) is Do.SAY_OFFER
    assert meeting.on_answered(LEG)
    assert meeting.next_s is None


def test_an_answer_counts_once_and_only_for_the_leg_of_now() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    assert not meeting.on_answered(NEXT)
    assert meeting.on_answered(LEG)
    assert not meeting.on_answered(LEG)


def test_a_page_that_still_has_the_leg_keeps_it() -> None:
    meeting = connected()
    assert meeting.on_join(join(leg=LEG), now_s=20.0) is Do.SAY_STATE
    assert meeting.leg == LEG


def test_a_page_that_has_let_go_of_the_leg_gets_another() -> None:
    assert connected().on_join(join(), now_s=20.0) is Do.BEGIN_LEG
    assert connected().on_join(join(leg=NEXT), now_s=20.0) is Do.BEGIN_LEG


def test_another_page_gets_another_leg() -> None:
    meeting = connected()
    assert meeting.on_join(join(OTHER), now_s=20.0) is Do.BEGIN_LEG
    assert meeting.page == OTHER


def test_the_path_that_a_page_lost_is_renewed_once() -> None:
    meeting = connected()
    assert meeting.on_renew(renew(), now_s=28.0) is Do.NOTHING
    assert meeting.on_renew(renew(), now_s=30.0) is Do.BEGIN_LEG
    meeting.began(NEXT, now_s=30.0)
    assert meeting.on_renew(renew(), now_s=32.0) is Do.NOTHING
    assert meeting.leg == NEXT


def test_what_a_page_said_in_an_outage_and_comes_all_at_once_ends_no_leg_that_stands() -> None:
    meeting = connected()
    for now_s in (50.0, 50.1, 51.4):
        assert meeting.on_renew(renew(), now_s=now_s) is Do.NOTHING
    assert meeting.leg == LEG
    assert meeting.on_renew(renew(), now_s=51.5) is Do.BEGIN_LEG


def test_a_wish_of_an_outage_long_ago_counts_no_more() -> None:
    meeting = connected()
    assert meeting.on_renew(renew(), now_s=50.0) is Do.NOTHING
    assert meeting.on_renew(renew(), now_s=500.0) is Do.NOTHING
    assert meeting.on_renew(renew(), now_s=502.0) is Do.BEGIN_LEG


def test_a_page_without_a_leg_that_stands_is_waited_for_two_minutes_and_may_come_again() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    assert meeting.on_tick(now_s=10.5) is Do.NOTHING
    meeting.on_lost(now_s=40.0)
    assert meeting.on_tick(now_s=41.0) is Do.BEGIN_LEG
    meeting.began(NEXT, now_s=41.0)
    assert meeting.on_tick(now_s=130.4) is Do.SAY_OFFER
    assert meeting.on_tick(now_s=130.5) is Do.END_LEG
    assert (meeting.page, meeting.next_s) == (None, None)
    assert meeting.on_join(join(), now_s=200.0) is Do.BEGIN_LEG


def test_a_leg_that_stands_is_never_waited_for() -> None:
    meeting = connected()
    for now_s in (11.0, 200.0, 4_000.0):
        assert meeting.on_tick(now_s=now_s) is Do.NOTHING
    assert meeting.leg == LEG


def test_a_leg_that_was_answered_and_never_stood_is_renewed_at_once() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    meeting.on_answered(LEG)
    assert meeting.on_renew(renew(), now_s=13.0) is Do.BEGIN_LEG


def test_a_leg_that_is_not_answered_yet_is_not_renewed() -> None:
    meeting = Meeting()
    meeting.on_join(join(), now_s=10.0)
    meeting.began(LEG, now_s=10.0)
    assert meeting.on_renew(renew(), now_s=11.0) is Do.NOTHING


def test_a_lost_path_makes_the_next_leg_after_pauses_that_double() -> None:
    meeting = connected()
    pauses_s = []
    now_s = 100.0
    for _ in range(6):
        assert meeting.on_lost(now_s=now_s) is Do.END_LEG
        assert meeting.next_s is not None
        pauses_s.append(meeting.next_s - now_s)
        assert meeting.on_tick(now_s=meeting.next_s - 0.01) is Do.NOTHING
        assert meeting.on_tick(now_s=meeting.next_s) is Do.BEGIN_LEG
        meeting.began(NEXT, now_s=now_s)
    assert pauses_s == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_leg_that_connected_begins_the_pauses_anew() -> None:
    meeting = connected()
    meeting.on_lost(now_s=100.0)
    meeting.on_tick(now_s=100.5)
    meeting.began(NEXT, now_s=100.5)
    meeting.on_answered(NEXT)
    meeting.on_connected()
    meeting.on_lost(now_s=200.0)
    assert meeting.next_s == 200.5


def test_a_join_during_the_pause_waits_for_the_leg_to_come() -> None:
    meeting = connected()
    meeting.on_lost(now_s=100.0)
    assert meeting.on_join(join(), now_s=100.1) is Do.NOTHING
    assert meeting.on_tick(now_s=100.5) is Do.BEGIN_LEG


def test_a_page_that_goes_ends_the_leg_and_an_old_page_s_going_does_not() -> None:
    meeting = connected()
    assert meeting.on_leave(Leave(spool=SPOOL, call_seq=SEQ, page=OTHER)) is Do.NOTHING
    assert meeting.on_leave(Leave(spool=SPOOL, call_seq=SEQ, page=PAGE)) is Do.END_LEG
    assert (meeting.page, meeting.leg, meeting.next_s) == (None, None, None)
