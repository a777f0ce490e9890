import pytest

from edge.advice.piece import Print
from edge.advice.queue_words import default_queue, hindrance, job_of

PRINTER = """\
printer P2 disabled since Thu Nov 26 09:22:23 2026 -
	bảo trì
	Form mounted:
	Alerts: {alerts}
	On fault: no alert
"""


def test_the_default_queue_and_the_job_are_read() -> None:
    assert default_queue("system default destination: May-in\n") == "May-in"
    assert default_queue("system default destination: HP/duplex\n") == "HP"
    assert default_queue("no system default destination\n") is None
    assert job_of("request id is May-in-2-12 (1 file(s))\n") == 12
    assert job_of("") is None


@pytest.mark.parametrize(
    ("alerts", "how"),
    [
        ("none", None),
        ("media-empty-error", Print.NO_PAPER),
        ("media-needed", Print.NO_PAPER),
        ("media-jam", Print.JAMMED),
        ("cover-open-error", Print.OPEN),
        ("toner-empty", Print.NO_INK),
        ("marker-supply-empty-error", Print.NO_INK),
        ("connecting-to-device", Print.OFFLINE),
        ("paused", Print.STOPPED),
        ("media-empty-error paused", Print.NO_PAPER),
        ("media-low-report toner-low-warning", None),
        ("media-empty-report", None),
        ("something-new-error", None),
    ],
)
def test_what_a_printer_lacks_is_read_the_worst_first(alerts: str, how: Print | None) -> None:
    assert hindrance(PRINTER.format(alerts=alerts)) is how
