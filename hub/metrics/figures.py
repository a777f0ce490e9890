"""Which figures the hub gives (core). What may be a label is fixed here: words of ours, never a station."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.alerts.rules import Severity
from hub.calls.table import State
from hub.fleet.presence import Word
from hub.hub import BrokerLink, IngestState
from hub.ingest.latency import BOUNDS_S
from hub.metrics.exposition import Family, Histogram, Sample

P: Final = "haidang_"
AlertKey = tuple[Severity, str]  # how bad; "unowned", "owned", "quiet"
ALERT_WORDS: Final = ("unowned", "owned", "quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is told. `owed_oldest_s` None: nothing is owed, or nobody knows."""

    stations: Mapping[Word, int]
    calls: Mapping[State, int]
    alerts: Mapping[AlertKey, int]
    ingest: IngestState
    broker: BrokerLink
    now_s: float
    owed_records: int
    owed_oldest_s: float | None
    statuses: int  # stations whose newest status is counted in what is owed
    pages: int
    disk_free_bytes: float | None
    alert_looks: int
    alert_ways_broken: int


def families(of: Figures) -> list[Family]:
    """Return the figures as Prometheus names them."""
    ingest, broker = of.ingest, of.broker
    heard_s = None if broker.heard_s is None else of.now_s - broker.heard_s
    return [
        _by("stations", "gauge", "Stations by what may be said of them now.", "word",
            {word.name.lower(): of.stations.get(word, 0) for word in Word}),
        _by("calls", "gauge", "Open calls by state.", "state",
            {state.name.lower(): of.calls.get(state, 0) for state in State if state is not State.CLOSED}),
        Family(f"{P}alerts", "gauge", "Open alerts by severity and whose they are.", [
            Sample(of.alerts.get((severity, word), 0), {"severity": severity.name.lower(), "word": word})
            for severity in Severity for word in ALERT_WORDS]),
        _one("alert_looks_total", "counter", "Looks at stations by the rules of alerts.", of.alert_looks),
        _one("alert_ways_broken", "gauge", "Ways out of alerts that do not work now.", of.alert_ways_broken),
        _by("ingest_records_total", "counter", "Records by what became of them.", "outcome",
            {"stored": ingest.stored_count, "duplicate": ingest.duplicate_count,
             "other_content": ingest.other_content_count}),
        _by("ingest_refused_total", "counter", "Records and parcels that were refused, by reason.", "reason",
            ingest.refused_counts),
        _one("ingest_dropped_parcels_total", "counter", "Parcels that were not taken; boxes send them again.",
             ingest.dropped_parcel_count),
        _one("ingest_fault", "gauge", "1 while nothing can be stored.", float(ingest.fault is not None)),
        Family(f"{P}commit_seconds", "histogram", "From a parcel's coming to its commit.",
               histogram=Histogram(BOUNDS_S, ingest.commit_counts, ingest.commit_total_s)),
        _one("receipts_total", "counter", "Receipts that were sent.", ingest.receipt_count),
        _one("owed_records", "gauge", "Records that stations said they owe, in their newest statuses.",
             of.owed_records),
        _one("owed_oldest_seconds", "gauge", "Age of the oldest of these, as said.", of.owed_oldest_s),
        _one("owed_statuses", "gauge", "Stations that have said so.", of.statuses),
        _one("broker_connected", "gauge", "1 while the hub can hear stations.", float(broker.is_connected)),
        _one("broker_heard_seconds", "gauge", "How long ago any station was heard.", heard_s),
        _one("pages_open", "gauge", "Pages of the console that are open.", of.pages),
        _one("disk_free_bytes", "gauge", "What is free where the store is.", of.disk_free_bytes),
    ]  # fmt: skip


def _one(name: str, kind: str, text: str, value: float | None) -> Family:
    samples: Sequence[Sample] = () if value is None else (Sample(value),)
    return Family(P + name, "counter" if kind == "counter" else "gauge", text, samples)


def _by(name: str, kind: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    samples = [Sample(value, {label: word}) for word, value in sorted(values.items())]
    return Family(P + name, "counter" if kind == "counter" else "gauge", text, samples)
