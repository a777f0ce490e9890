from typing import Any

import pytest

from tests.busy_link.figures import Course, Look
from tests.busy_link.result import (
    BACKLOG,
    CALL,
    LINK,
    OUTAGES,
    PRESSES,
    Watched,
    of_backlog,
    of_call,
    of_link,
    of_outages,
    of_presses,
)
from tests.drain.held import Faults, Held
from tests.simulators.links.known import FLOOR_64K, MICROWAVE_OUTAGE
from tests.simulators.links.log import Logged
from tests.simulators.links.packets import Packet

BEGAN_S, SECONDS = 50.0, 60.0
UPLOADS_PORT = 7_000


def sent(at_s: float, *, to: int = 6_000, content: Any = "rtp", waited_s: float = 0.01) -> Logged:
    times = (BEGAN_S + at_s, BEGAN_S + at_s + waited_s, BEGAN_S + at_s + waited_s + 0.1, None)
    return Logged("up", "delivered", 1_000, *times, Packet(content, (5_000, to)))


def watched(packets: list[Logged] | None = None, presses: list[tuple[float, float]] | None = None) -> Watched:
    course = Course(
        seconds=SECONDS,
        alive=True,
        legs=2,
        looks=[Look(float(at_s), at_s * 48_000, 960 * at_s) for at_s in range(61)],
        painted_s=[-1.0, *(0.1 * number for number in range(600) if not 250 < number <= 360)],
        heard_s=[35.5],
    )
    return Watched(
        course=course,
        packets=packets or [],
        began_s=BEGAN_S,
        uploads_port=UPLOADS_PORT,
        busy=0.6,
        owed=90,
        before=Held(10, 30_000, 0, 0),
        after=Held(40, 120_000, 7, 3),
        faults=Faults(lost=0, doubled=1),
        presses=presses or [],
        presses_lost=2,
    )


def test_every_key_has_a_meaning_and_stands_in_that_order() -> None:
    one = watched()
    assert list(of_call(one, FLOOR_64K)) == list(CALL)
    assert list(of_outages(one, FLOOR_64K)) == list(OUTAGES)
    assert list(of_link(one, FLOOR_64K)) == list(LINK)
    assert list(of_presses(one)) == list(PRESSES)
    assert list(of_backlog(one, hours=1.0)) == list(BACKLOG)


def test_a_call_is_told_over_the_whole_and_between_outages() -> None:
    whole, outside = of_call(watched(), MICROWAVE_OUTAGE), of_outages(watched(), MICROWAVE_OUTAGE)
    assert (whole["video_fps"], whole["frozen_s"], whole["audio_concealed"]) == (8.2, 11.1, 0.02)
    assert (outside["outages"], outside["outages_s"], outside["frozen_outside_s"]) == (1, 10.0, 1.1)
    assert (outside["voice_back_s"], outside["picture_back_max_s"]) == (0.5, 1.1)


def test_the_link_is_told_by_who_used_it_and_the_queue_by_the_call() -> None:
    media = [sent(number / 10) for number in range(30)]
    uplink = [sent(5.0, to=8_883, content="tcp", waited_s=0.9) for _ in range(15)]
    others = [sent(6.0, to=UPLOADS_PORT, content="tcp") for _ in range(50)]
    found = of_link(watched([sent(-1.0), *media, *uplink, *others]), FLOOR_64K)
    assert (found["media_kbps"], found["uplink_kbps"]) == (4.0, 2.0)
    assert found["utilisation"] == pytest.approx(6 / 64, abs=0.001)
    assert (found["queue_p50_ms"], found["queue_p95_ms"]) == (10, 10)


def test_presses_that_are_lost_are_counted_and_not_timed() -> None:
    found = of_presses(watched(presses=[(1.0, 0.2), (9.0, 0.3), (20.0, 1.4)]))
    assert found == {
        "presses": 5, "press_p50_ms": 300, "press_p99_ms": 1400, "press_max_ms": 1400, "presses_lost": 2,
    }  # fmt: skip
    assert of_presses(watched())["press_p99_ms"] is None


def test_of_a_backlog_counts_what_came_in_the_call() -> None:
    found = of_backlog(watched(), hours=24.0)
    assert (found["backlog_owed"], found["backlog_drained"]) == (90, 30)
    assert (found["backlog_kbps"], found["backlog_lost"], found["backlog_doubled"]) == (12.0, 0, 1)
