from dataclasses import replace

import numpy as np
import pytest

from contract.header import Record, encode_record
from contract.ids import BootId, RecordClass, SpoolId
from tests.soak.check import Findings, check_drafts
from tests.soak.holdings import Grave, Holdings, Piece
from tests.soak.ledger import BoardBoot, ClockZero, Ledger, RecordKey, SentStream, Window
from tests.soak.sample_check import check_samples
from tests.unit.contract.headers import header

SPOOL = SpoolId(0xB0C5)
RATE_HZ = 100
SECONDS = 10
BEGAN_S = 1_000.0  # monotonic: the board's start, and the first sample
VALUES = np.arange(SECONDS * RATE_HZ, dtype=np.int32)


def ledger(*windows: Window, zeros: tuple[float, ...] = (BEGAN_S,)) -> Ledger:
    sent = SentStream(VALUES.astype(np.int64), BEGAN_S + np.arange(len(VALUES)) / RATE_HZ)
    return Ledger(
        spool_boots={(SPOOL, BootId(1)): "boot"},
        zeros=[ClockZero("boot", zero_s) for zero_s in zeros],
        board_boots=[BoardBoot(7, BEGAN_S), BoardBoot(8, BEGAN_S + 60)],
        sent={(7, 1): sent},
        windows=list(windows),
    )


def piece(seq: int, first: int, end: int, *, ahead_s: float = 0.0) -> Piece:
    t_us = first * 1_000_000 // RATE_HZ
    key = RecordKey(SPOOL, RecordClass.WAVEFORM, seq)
    return Piece(key, BootId(1), 1, first, round(t_us + ahead_s * 1e6), t_us, VALUES[first:end])


def check(seen: Ledger, *pieces: Piece, sacrificed: tuple[Piece, ...] = ()) -> Findings:
    findings = Findings()
    check_samples(seen, Holdings(pieces=list(pieces), sacrificed=list(sacrificed)), findings)
    return findings


def test_samples_of_the_last_second_before_a_kill_may_be_missing() -> None:
    killed_s = BEGAN_S + 5.0
    window = Window(killed_s - 1.0, killed_s + 2.0, "kill", killed_s=killed_s)
    found = check(ledger(window), piece(1, 0, 450), piece(2, 600, 1_000))
    assert found.counts == {}
    assert found.at_risk_s == [pytest.approx(0.5)]


def test_an_older_one_is_lost() -> None:
    killed_s = BEGAN_S + 5.0
    window = Window(killed_s - 1.0, killed_s + 2.0, "kill", killed_s=killed_s)
    found = check(ledger(window), piece(1, 0, 390), piece(2, 600, 1_000))
    assert found.counts == {"lost": 10}
    assert "samples 390 … 399" in found.texts[0]
    assert found.at_risk_s == [pytest.approx(1.1)]


def test_one_after_the_box_works_again_is_lost() -> None:
    window = Window(BEGAN_S + 4.0, BEGAN_S + 6.0, "kill", killed_s=BEGAN_S + 5.0)
    assert check(ledger(window), piece(1, 0, 450), piece(2, 620, 1_000)).counts == {"lost": 19}


def test_what_a_full_card_gave_up_is_not_lost() -> None:
    found = check(ledger(), piece(1, 0, 300), piece(3, 600, 1_000), sacrificed=(piece(2, 300, 600),))
    assert found.counts == {}


def check_unseen(*seen: Piece, unseen: range) -> Findings:
    findings = Findings()
    keys = [RecordKey(SPOOL, RecordClass.WAVEFORM, seq) for seq in unseen]
    check_samples(ledger(), Holdings(pieces=list(seen), unseen=keys), findings)
    return findings


def test_what_was_given_up_before_anybody_saw_it_lies_between_the_records_beside_it() -> None:
    assert check_unseen(piece(1, 0, 300), piece(4, 600, 1_000), unseen=range(2, 4)).counts == {}
    assert check_unseen(piece(3, 300, 1_000), unseen=range(1, 3)).counts == {}
    assert check_unseen(piece(1, 0, 300), unseen=range(2, 3)).counts == {}


def test_what_lies_elsewhere_is_lost_all_the_same() -> None:
    found = check_unseen(piece(1, 0, 300), piece(3, 600, 900), unseen=range(2, 3))
    assert found.counts == {"lost": 100}
    assert "samples 900 … 999" in found.texts[0]
    found = check_unseen(piece(1, 0, 300), piece(2, 350, 600), piece(4, 700, 1_000), unseen=range(3, 4))
    assert found.counts == {"lost": 50}


def test_numbers_are_not_lost_with_a_record_of_waveforms_that_nobody_saw() -> None:
    seen, findings = ledger(), Findings()
    seen.sent[7, 2] = seen.sent[7, 1]
    numbers = replace(piece(1, 0, 900), stream=2, key=RecordKey(SPOOL, RecordClass.NUMERIC, 1))
    waves = [piece(1, 0, 300), piece(3, 600, 1_000)]
    unseen = [RecordKey(SPOOL, RecordClass.WAVEFORM, 2)]
    check_samples(seen, Holdings(pieces=[*waves, numbers], unseen=unseen), findings)
    assert findings.counts == {"lost": 100}
    assert "stream 2 of board boot 7: samples 900 … 999" in findings.texts[0]


def test_overlapping_records_double_their_samples() -> None:
    assert check(ledger(), piece(1, 0, 600), piece(2, 590, 1_000)).counts == {"duplicated": 10}


def test_time_that_goes_back_while_the_index_goes_on_is_out_of_order() -> None:
    late = piece(1, 0, 500, ahead_s=6.0)
    assert check(ledger(), late, piece(2, 500, 1_000)).counts == {"misordered": 1}


def test_a_clock_that_jumped_ahead_is_not(  # the box was asleep for an hour, the board went on
) -> None:
    found = check(
        ledger(zeros=(BEGAN_S, BEGAN_S - 3_600.0)), piece(1, 0, 500), piece(2, 500, 1_000, ahead_s=3_600.0)
    )
    assert found.counts == {}


def test_samples_that_the_board_never_sent_are_out_of_order() -> None:
    beyond = replace(piece(2, 500, 1_000), first_index=600)
    assert check(ledger(), piece(1, 0, 1_000), beyond).counts == {"misordered": 500}


def test_samples_of_a_boot_without_a_name_are_out_of_order() -> None:
    unknown = replace(piece(2, 500, 1_000), boot=BootId(2))
    assert check(ledger(), piece(1, 0, 1_000), unknown).counts == {"misordered": 500}


def test_holes_below_the_highest_seq_are_found_but_for_what_is_buried() -> None:
    keys = [RecordKey(SPOOL, RecordClass.WAVEFORM, seq) for seq in (1, 5)]
    held = Holdings(records=dict.fromkeys(keys, b""), graves=[Grave(SPOOL, 2, 3, 4)])
    assert list(held.holes()) == [RecordKey(SPOOL, RecordClass.WAVEFORM, 2)]


@pytest.mark.parametrize(("times", "wrong"), [(0, {"lost": 1}), (1, {}), (2, {"duplicated": 1})])
def test_a_draft_of_a_dead_process_becomes_one_record(times: int, wrong: dict[str, int]) -> None:
    seen, findings = ledger(), Findings()
    seen.drafts.add(b"sealed")
    for seq in range(1, times + 1):
        raw = encode_record(Record(header(seq=seq), b"sealed"))
        seen.add_record(RecordKey(SPOOL, RecordClass.WAVEFORM, seq), raw)
    check_drafts(seen, findings)
    assert findings.counts == wrong
