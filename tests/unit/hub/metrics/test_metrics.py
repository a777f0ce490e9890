from hub.alerts.rules import Severity
from hub.calls.table import State
from hub.fleet.presence import Word
from hub.hub import BrokerLink, IngestState
from hub.ingest.latency import BOUNDS_S, Latency
from hub.metrics.exposition import Family, Histogram, Sample, exposition
from hub.metrics.figures import Figures, families

LATENCY = Latency()
for took_s in (0.004, 0.005, 0.02, 30.0):
    LATENCY.note(took_s)
FIGURES = Figures(
    stations={Word.LIVE: 13_990, Word.SILENT: 10},
    calls={State.RINGING: 2},
    alerts={(Severity.HIGH, "owned"): 1},
    ingest=IngestState(
        fault=None, fault_since_s=None, stored_count=5, duplicate_count=2, other_content_count=0,
        dropped_parcel_count=0, refused_counts={"bad_crc": 3}, first_refusal_text=None, receipt_count=4,
        commit_counts=LATENCY.counts, commit_total_s=LATENCY.total_s,
    ),
    broker=BrokerLink(is_connected=True, changed_s=1.0, heard_s=9.0, text=""),
    now_s=10.0, owed_records=77, owed_oldest_s=None, statuses=3, pages=12, disk_free_bytes=2e9, alert_looks=9,
    alert_ways_broken=0,
)  # fmt: skip


def test_the_text_is_as_prometheus_reads_it() -> None:
    text = exposition(
        [
            Family("a_total", "counter", "Line\nand \\.", [Sample(3, {"word": 'a"b\\c\nd'}), Sample(0.25)]),
            Family("empty", "gauge", "Nothing."),
            Family("took", "histogram", "Steps.", histogram=Histogram((0.1, 1.0), (2, 1, 1), 7.5)),
        ]
    )
    assert text == (
        "# HELP a_total Line\\nand \\\\.\n# TYPE a_total counter\n"
        'a_total{word="a\\"b\\\\c\\nd"} 3\na_total 0.25\n'
        "# HELP took Steps.\n# TYPE took histogram\n"
        'took_bucket{le="0.1"} 2\ntook_bucket{le="1"} 3\ntook_bucket{le="+Inf"} 4\n'
        "took_sum 7.5\ntook_count 4\n"
    )


def test_a_commit_is_counted_in_its_step() -> None:
    assert LATENCY.counts[:4] == [2, 0, 1, 0] and LATENCY.counts[-1] == 1
    assert len(LATENCY.counts) == len(BOUNDS_S) + 1


def test_the_figures_are_few_whatever_the_number_of_stations() -> None:
    text = exposition(families(FIGURES))
    lines = text.splitlines()
    assert 'haidang_stations{word="live"} 13990' in lines
    assert 'haidang_calls{state="ringing"} 2' in lines and 'haidang_calls{state="offered"} 0' in lines
    assert 'haidang_alerts{severity="high",word="owned"} 1' in lines
    assert 'haidang_commit_seconds_bucket{le="+Inf"} 4' in lines
    assert "haidang_broker_heard_seconds 1" in lines
    assert "owed_oldest" not in text  # unknown is absent, not 0
    assert len(lines) < 150
