from collections.abc import Iterable, Mapping
from typing import NoReturn

from contract.ids import BootId, RecordClass, SpoolId
from contract.receipts import Receipt
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.owed import Owed
from edge.uplink.sources import Chosen, Source, Sources

CALL, NUMERIC, WAVE, _ = RecordClass
OWN, OLD, OLDER = SpoolId(1), SpoolId(2), SpoolId(3)


async def nobody_reads(*_: object) -> NoReturn:
    raise AssertionError


def ignored(_receipt: Receipt, _gone: list[OwedRecord]) -> None:
    pass


def source(
    spool: SpoolId, owes: Iterable[RecordClass] = (), ledgers: Mapping[RecordClass, Ledger] | None = None
) -> Source:
    owed = Owed(ledgers or {})
    for record_class in owes:
        owed.add(OwedRecord(record_class, 1, BootId(1), 1_000, 100))
    return Source(spool, BootId(spool), owed, nobody_reads, nobody_reads, nobody_reads, ignored)


def sources(own: Source, *formers: Source) -> Sources:
    all_of_them = Sources(own)
    for former in formers:
        all_of_them.add(former)
    return all_of_them


def order(all_of_them: Sources) -> list[tuple[SpoolId, RecordClass]]:
    """Send until nothing is left."""
    sent = []
    while (chosen := next_parcel(all_of_them)) is not None:
        chosen.source.owed.sent(chosen.record_class, [1], now_s=0.0, round_trip_s=1.0)
        sent.append((chosen.source.spool, chosen.record_class))
    return sent


def next_parcel(all_of_them: Sources) -> Chosen | None:
    return all_of_them.next_parcel(now_us=10**9, is_live=False, limit_bytes=4_096)


def test_calls_of_former_spools_go_before_all_but_the_own_calls() -> None:
    every = (CALL, NUMERIC, WAVE)
    assert order(sources(source(OWN, every), source(OLD, every), source(OLDER, [CALL]))) == [
        (OWN, CALL),
        (OLD, CALL),
        (OLDER, CALL),
        (OWN, NUMERIC),
        (OWN, WAVE),
        (OLD, NUMERIC),
        (OLD, WAVE),
    ]


def test_what_was_sent_of_any_spool_is_due_again_and_a_call_of_any_is_told() -> None:
    former = source(OLD, [CALL])
    some = sources(source(OWN, [WAVE]), former)
    order(some)
    assert some.is_on_the_way
    assert some.next_due_s() == 3.0
    assert some.overdue(now_s=4.0)
    assert not some.overdue(now_s=20.0), "the waveform of the own spool"
    some.connection_lost()
    assert not some.is_on_the_way
    assert some.owes_calls
    former.owed.drop(CALL, 1)
    assert not some.owes_calls


def test_a_former_spool_that_is_gone_is_not_asked_any_more() -> None:
    some = sources(source(OWN), source(OLD, [NUMERIC]))
    assert some.of(OLD) is not None
    some.remove(OLD)
    assert some.of(OLD) is None
    assert next_parcel(some) is None


def test_the_own_spool_is_looked_up_before_the_former_ones() -> None:
    ledgers = {WAVE: Ledger(given=3)}
    own, former = source(OWN, ledgers=ledgers), source(OLD, ledgers=ledgers)
    some = sources(own, former)
    looked = []
    while (wanted := some.wanted()) is not None:
        one, page = wanted
        assert isinstance(page, Page)
        looked.append(one.spool)
        one.owed.take_page(page, ())
    assert looked == [OWN, OLD]
