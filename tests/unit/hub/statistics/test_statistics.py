"""Numbers from journals that stand here literally."""

from contract.ids import StationId
from hub.statistics.call_history import Callback, CallHistory, history
from hub.statistics.summary import by_group, percentile, summarise
from hub.store.interface import JournalLine

PRESSED_US = 1_790_000_000_000_000
CON_DAO = StationId("con-dao-01")


def journal(text: str) -> list[JournalLine]:
    """Return the lines of "seconds who INPUT FROM>TO [detail]"; "-" is nobody."""
    lines = []
    for row in text.strip().splitlines():
        at_s, by, input_, states, *detail = row.split(maxsplit=4)
        before, _, after = states.partition(">")
        lines.append(
            JournalLine(
                utc_us=PRESSED_US + round(float(at_s) * 1e6),
                by=None if by == "-" else by,
                input=input_,
                from_state=before,
                to_state=after,
                detail=detail[0] if detail else None,
            )
        )
    return lines


def read(text: str, *, practice: str | None = None, nudges: int = 0) -> CallHistory:
    lines = journal(text)
    return history(
        CON_DAO,
        PRESSED_US,
        lines,
        state=lines[-1].to_state,
        practice=practice,  # type: ignore[arg-type]
        nudges=nudges,
    )


ANSWERED = read("""
    0.4 -   SHOWN   RECEIVED>OFFERED
    0.5 -   SOUNDS  OFFERED>RINGING
    7.5 Lan CLAIM   RINGING>CLAIMED
    8   -   JOINED  CLAIMED>CONNECTING
    9   -   FLOWS   CONNECTING>ACTIVE
    60  -   STALLED ACTIVE>DROPPED
    63  -   FLOWS   DROPPED>ACTIVE
    70  Lan INVITE  ACTIVE>ACTIVE     {"to": "BS An"}
    75  -   GUEST   ACTIVE>ACTIVE     {"change": "came", "to": "BS An"}
    80  Lan ASK     ACTIVE>ACTIVE     {"kind": "transfer", "to": "Minh"}
    85  Minh TRANSFERRED ACTIVE>CLAIMED
    300 Minh END    CLAIMED>WRAP_UP
    360 Minh CLOSE  WRAP_UP>CLOSED
""")
MISSED = read(
    """
    30   -   WIDEN   RECEIVED>RECEIVED
    120  -   DUE     RECEIVED>MISSED
    120  -   ASSIGN  MISSED>CALLBACK   {"to": "Lan"}
    180  Lan RING    CALLBACK>CALLING
    225  -   DUE     CALLING>CALLBACK
    700  Lan RING    CALLBACK>CALLING
    710  -   ACCEPTED CALLING>CLAIMED
    900  Lan END     CLAIMED>WRAP_UP
    950  Lan CLOSE   WRAP_UP>CLOSED
""",
    nudges=2,
)
LATE = read("""
    0  -    PRESSED_LATE RECEIVED>CALLBACK
    0  -    ASSIGN CALLBACK>CALLBACK
""")
TEST = read("0.1 - TESTED RECEIVED>CLOSED", practice="test")
DRILL = read(
    """
    1 Lan CLAIM RECEIVED>CLAIMED
    9 Lan END   CLAIMED>WRAP_UP
    9 Lan CLOSE WRAP_UP>CLOSED
""",
    practice="drill",
)


def test_an_answered_call_says_how_fast_and_all_that_happened_in_it() -> None:
    assert ANSWERED.answered_s == 7.5
    assert (ANSWERED.drops, ANSWERED.transfers, ANSWERED.doctors) == (1, 1, 1)
    assert (ANSWERED.is_missed, ANSWERED.is_open, ANSWERED.callbacks) == (False, False, ())


def test_a_missed_call_has_a_callback_whose_first_try_counts_from_when_it_was_owed() -> None:
    assert (MISSED.is_missed, MISSED.answered_s, MISSED.presses) == (True, None, 3)
    assert MISSED.callbacks == (Callback(since_s=120.0, first_try_s=60.0, is_closed=True),)


def test_a_press_that_waited_out_an_outage_did_not_ring_and_is_an_open_callback() -> None:
    assert (LATE.came, LATE.is_open) == ("late", True)
    assert LATE.callbacks == (Callback(since_s=0.0, first_try_s=None, is_closed=False),)


def test_contact_by_another_way_is_a_try_and_a_new_press_is_none() -> None:
    phoned = read("""
        120 -   DUE    RINGING>MISSED
        120 -   ASSIGN MISSED>CALLBACK
        170 Lan CLOSE  CALLBACK>CLOSED  {"disposition": "called back"}
    """)
    assert phoned.callbacks == (Callback(since_s=120.0, first_try_s=50.0, is_closed=True),)
    put_away = read("""
        120 -   DUE    RINGING>MISSED
        170 Lan CLOSE  CALLBACK>CLOSED  {"disposition": "mistake"}
    """)
    assert put_away.callbacks == (Callback(since_s=120.0, first_try_s=None, is_closed=True),)
    pressed = read("""
        120 -   DUE    RINGING>MISSED
        121 -   PRESSED_AGAIN MISSED>RECEIVED
        125 Lan CLAIM  RECEIVED>CLAIMED
    """)
    assert pressed.callbacks == (Callback(since_s=120.0, first_try_s=None, is_closed=True),)


def test_a_call_of_before_journals_were_kept_only_says_that_it_was() -> None:
    old = history(CON_DAO, PRESSED_US, (), state="CLOSED", practice=None, nudges=0)
    assert (old.answered_s, old.is_missed, old.is_open, old.callbacks) == (None, False, False, ())


def test_a_summary_counts_what_rang_and_keeps_practice_apart() -> None:
    found = summarise([ANSWERED, MISSED, LATE, TEST, DRILL, TEST], first_try_s=120.0)
    assert (found.calls, found.presses, found.rang) == (3, 5, 2)
    assert (found.answered, found.within_10_s, found.within_60_s) == (1, 1, 1)
    assert (found.answer_p50_s, found.answer_p95_s) == (7.5, 7.5)
    assert (found.missed, found.still_open, found.callbacks, found.callbacks_open) == (1, 1, 2, 1)
    assert (found.callbacks_tried_in_time, found.first_try_p50_s) == (1, 60.0)
    assert (found.drills, found.tests) == (1, 2)


def test_practice_alone_makes_no_number_but_its_own() -> None:
    found = summarise([TEST, DRILL], first_try_s=120.0)
    assert (found.calls, found.presses, found.answered, found.answer_p50_s) == (0, 0, 0, None)


def test_a_unit_has_the_calls_of_all_below_it() -> None:
    found = by_group([ANSWERED, MISSED], lambda one: (one.station, "province"), first_try_s=120.0)
    assert {group: one.calls for group, one in found.items()} == {"con-dao-01": 2, "province": 2}


def test_percentiles_are_values_that_were_measured() -> None:
    times = [float(one) for one in range(1, 21)]
    assert (percentile(times, 0.5), percentile(times, 0.95), percentile([], 0.5)) == (10.0, 19.0, None)
    assert percentile([3.0], 0.95) == 3.0
