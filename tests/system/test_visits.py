"""Two people, one station: nothing of the first is shown, stored or drawn as the second's."""

import time
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from contract.codes import SPO2
from contract.ids import NO_VISIT
from tests.browser import screenshot
from tests.simulators.board.recordings import ECG
from tests.village.desk import open_station, operator, plotted, shown_value, strip_state
from tests.village.eyes import SampleKey, Stored, look, owes_nothing, wait_until
from tests.village.village import PLACES, Village

APART_S: Final = 90.0
ECG_MDC: Final = 131329


def of_visit(stored: Stored, visit: int) -> dict[SampleKey, int]:
    """The ECG of one visit."""
    return {key: value for key, value in stored.of_stream(ECG_MDC).items() if stored.visits[key] == visit}


@pytest.mark.timeout(400)
def test_two_visits_ninety_seconds_apart_never_mix(tmp_path: Path) -> None:
    with Village(tmp_path, PLACES[:1]) as village, operator(village) as page:
        station, board = village.stations[0], village.stations[0].board
        open_station(page, village, station.name)
        wait_until(lambda: len(plotted(page, 0)) > 250 * 5, what="the first person is drawn")
        first_code = page.inner_text("#visit")
        station.next_person("binh")
        left_s = time.monotonic()
        last_of_first = max(board.truth.samples(board.boot_id, ECG))
        wait_until(lambda: strip_state(page) in ("empty", "waiting"), what="the strip is empty")
        assert not plotted(page, 0)
        assert shown_value(page, SPO2) == "---"
        assert page.inner_text("#visit") == "không có lượt khám"
        screenshot(page, "nobody")
        page.reload()  # nor does history bring the first one back
        page.wait_for_timeout(1_500)
        assert not plotted(page, 0)
        time.sleep(max(0.0, left_s + APART_S - time.monotonic()))
        first_of_second = max(board.truth.samples(board.boot_id, ECG), default=0)
        station.sensors_on()
        wait_until(lambda: strip_state(page) == "live", what="the second person is drawn")
        wait_until(lambda: len(plotted(page, 0)) > 250 * 5, what="five seconds of the second")
        drawn, second_code = plotted(page, 0), page.inner_text("#visit")
        wait_until(partial(owes_nothing, station), what="everything is at the hub", limit_s=180)
        stored = look(village, station.name)
    assert first_code != second_code
    assert min(drawn) >= first_of_second, "the first person's ECG was drawn as the second's"
    first, second = of_visit(stored, 1), of_visit(stored, 2)
    assert max(key.number for key in first) <= last_of_first + 250
    assert min(key.number for key in second) >= first_of_second
    between = of_visit(stored, NO_VISIT)  # said "next", sensors still on: nobody's
    assert all(key.number <= last_of_first + 250 * 10 for key in between)  # until the box had looked
    assert set(stored.visits.values()) <= {NO_VISIT, 1, 2}
