from typing import Any

import pytest

from tests.links_bench.receiver import Seen
from tests.links_bench.result import MEANINGS, Flow, Run, figures, medians
from tests.simulators.links.known import FLOOR_64K, RFC54_2FLOWS_700K, RFC56_TCP_1M
from tests.simulators.links.log import Logged
from tests.simulators.links.packets import Packet
from tests.simulators.links.profile import Profile

ASKED = (
    "peer, profile, seconds, alive, utilisation, queue_p50_ms, queue_p95_ms, video_fps, frozen_s,"
    " audio_concealed, video_kbps, ssim, estoi, step_up_s, drain_s"
)
BEGAN_S = 50.0
UPLOADS_PORT = 7_000


def sent(
    at_s: float, *, port: int = 5_000, to: int = 6_000, content: Any = "rtp", waited_s: float = 0.01
) -> Logged:
    times = (BEGAN_S + at_s, BEGAN_S + at_s + waited_s, BEGAN_S + at_s + waited_s + 0.1, None)
    return Logged("up", "delivered", 1_000, *times, Packet(content, (port, to)))


def seen(*, from_s: float = 0.0, frozen_s: float = 0.0, alive: bool = True, ssim: float | None = 0.9) -> Seen:
    return Seen(
        from_s=BEGAN_S + from_s,
        to_s=BEGAN_S + 10,
        alive=alive,
        fps=12.0,
        frozen_s=frozen_s,
        concealed=0.01,
        video_bps=40_000,
        ssim=ssim,
        estoi=0.8,
        painted_s=[BEGAN_S + 1.0, BEGAN_S + 2.0],
        unread=0,
    )


def a_run(profile: Profile, packets: list[Logged], flows: list[Flow]) -> Run:
    return figures("ours", profile, packets, flows, began_s=BEGAN_S, seconds=10.0, uploads_port=UPLOADS_PORT)


def flow(given: Seen, *, port: int = 5_000) -> Flow:
    return Flow(seen=given, ports=frozenset({port}), targets=[(BEGAN_S + 1, 48_000.0)])


def test_a_run_has_exactly_the_keys_that_were_asked_for_and_each_has_a_meaning() -> None:
    found = a_run(FLOOR_64K, [sent(1.0)], [flow(seen())]).figures
    assert ", ".join(found) == ASKED
    assert set(found) <= set(MEANINGS)


def test_utilisation_and_queue_are_of_the_senders_and_not_of_others() -> None:
    ours = [sent(number / 10) for number in range(50)]  # 8 kbit each, of 640
    others = [sent(5.0, to=UPLOADS_PORT, content="tcp", waited_s=0.9) for _ in range(200)]
    before = [sent(-1.0, waited_s=0.8)]
    vitals = [sent(6.0, to=8_883, content="tcp", waited_s=0.7) for _ in range(10)]  # on the link, not media
    found = a_run(RFC56_TCP_1M, before + ours + others + vitals, [flow(seen())]).figures
    assert found["utilisation"] == pytest.approx(60 * 8_000 / 10e6)
    assert (found["queue_p50_ms"], found["queue_p95_ms"]) == (10, 10)


def test_two_flows_are_fair_by_what_each_carried_once_both_were_there() -> None:
    alone = [sent(number / 100, port=1) for number in range(400)]  # before the second joined
    both = [sent(6 + number / 100, port=port) for number in range(100) for port in (1, 2, 2)]
    flows = [flow(seen(frozen_s=0.0), port=1), flow(seen(from_s=5.0, frozen_s=1.5, ssim=None), port=2)]
    found = a_run(RFC54_2FLOWS_700K, alone + both, flows).figures
    assert found["jain"] == pytest.approx(0.9)
    assert [one["frozen_s"] for one in found["flows"]] == [0.0, 1.5]
    assert (found["frozen_s"], found["ssim"], found["alive"]) == (1.5, 0.9, True)


def test_a_flow_that_died_or_never_came_is_no_life() -> None:
    assert not a_run(FLOOR_64K, [], [flow(seen(alive=False))]).figures["alive"]
    assert not a_run(RFC54_2FLOWS_700K, [], [flow(seen())]).figures["alive"]
    assert a_run(RFC54_2FLOWS_700K, [], [flow(seen())]).figures["jain"] is None


def test_the_course_tells_link_target_queue_and_pictures_in_seconds_of_the_profile() -> None:
    course = a_run(FLOOR_64K, [sent(1.0), sent(1.1)], [flow(seen())]).course
    assert course.link == [(0.0, 64.0), (10.0, 64.0)]
    assert course.targets == [[(1.0, 48.0)]]
    assert course.painted == [[1.0, 2.0]]
    assert course.queue == [(1.0, 10.0), (1.1, 10.0)]
    assert course.carried[0][2] == 32.0  # 16 kbit in half a second


def test_the_median_of_three_runs_takes_never_for_longest_and_all_must_live() -> None:
    runs: list[dict[str, Any]] = [
        {"peer": "ours", "alive": True, "utilisation": 0.8, "step_up_s": 4.0, "drain_s": None, "ssim": 0.9},
        {
            "peer": "ours",
            "alive": True,
            "utilisation": 0.7,
            "step_up_s": "never",
            "drain_s": None,
            "ssim": None,
        },
        {"peer": "ours", "alive": False, "utilisation": 0.9, "step_up_s": 5.0, "drain_s": None, "ssim": 0.92},
    ]
    found = medians(runs)
    assert found == {
        "peer": "ours", "alive": False, "utilisation": 0.8, "step_up_s": 5.0, "drain_s": None, "ssim": 0.91,
    }  # fmt: skip
    runs[2]["step_up_s"] = "never"
    assert medians(runs)["step_up_s"] == "never"
