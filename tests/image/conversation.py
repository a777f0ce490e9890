"""What somebody at the hub sees and hears of the box: it rings, and a call shows what its camera sees."""

import time
from collections.abc import Callable
from typing import Final

from playwright.sync_api import Page

from hub.calls.table import LIVE_STATES, State
from tests.image.machine import Machine
from tests.image.outside import STATION, Outside
from tests.village.conversation import is_heard_and_seen
from tests.village.desk import RINGING
from tests.village.eyes import wait_until
from tests.village.media_watch import media_counts

VIDEO_UNIT: Final = "haidang-video.service"
CAMERA: Final = "/dev/video0"
PICTURES: Final = 20
# Shown where a voice came alone: a machine this slow may need longer than the hub waits for a picture.
AGAIN: Final = "#call-again"
BEGUN_AND_READY: Final = ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
RINGS_S: Final = 30.0  # from the press at the hub
LIVE: Final = {state.name for state in LIVE_STATES}


def ring(outside: Outside, page: Page, *, press: Callable[[], float]) -> str:
    """Press; return when it is at the hub, is seen on the page, and sounds there by the hub's word."""
    page.goto(outside.url)
    page.wait_for_selector("#as-of")
    page.keyboard.press("Shift")  # a gesture on this page: it may sound
    pressed_s = time.monotonic()
    at_hub_s = press()
    page.wait_for_selector(RINGING)
    seen_s = time.monotonic() - pressed_s
    rings_s = outside.wait_until(
        lambda store: [call.state for call in store.open_calls()] == [State.RINGING.name],
        limit_s=RINGS_S,
        what="a ring that sounds",
    )
    return (
        f"{at_hub_s:.1f} s from the key to the press at the hub, {seen_s:.1f} s to the page, "
        f"{rings_s - pressed_s:.1f} s to the hub's word that it rings"
    )


def answer(box: Machine, outside: Outside, page: Page, *, limit_s: float) -> str:
    """Answer with the key, see PICTURES pictures more after the first, and hang up."""
    box.sh("modprobe vivid n_devs=1 node_types=0x1 && udevadm settle")  # a camera that the kernel plays
    answered_s = time.monotonic()
    page.keyboard.press("F2")
    page.wait_for_url(f"**/stations/{STATION}")
    try:
        again = _wait_for_both(page, limit_s=limit_s)
        seen_s, before = time.monotonic(), media_counts(page)
        wait_until(
            lambda: media_counts(page).frames >= before.frames + PICTURES,
            limit_s=limit_s,
            what=f"{PICTURES} more pictures",
        )
        took_s, after = time.monotonic() - seen_s, media_counts(page)
        wait_until(
            lambda: media_counts(page).said_packets > before.said_packets,
            limit_s=limit_s,
            what="the operator's voice leaves",
        )
        begun, ready = (int(box.unit(VIDEO_UNIT, name)) / 1e6 for name in BEGUN_AND_READY)
        files = box.sh(f"ls -l /proc/{box.unit(VIDEO_UNIT, 'MainPID')}/fd")
        assert CAMERA in files, f"{CAMERA} is not open: {files}"
        _hang_up(box, outside, page, limit_s=limit_s)
    except (TimeoutError, AssertionError) as error:
        raise AssertionError(f"{error}: {log(box, VIDEO_UNIT)}") from error
    starts = int(box.sh(f"journalctl -u {VIDEO_UNIT} -o cat --no-pager | grep -c '^Starting'"))
    assert starts == 1, f"`edge video` was started {starts} times: {log(box, VIDEO_UNIT)}"
    return (
        f"{seen_s - answered_s:.1f} s from the key to voice and picture (`edge video` was ready "
        f"{ready - begun:.1f} s after it began); {after.frames - before.frames} pictures "
        f"in {took_s:.1f} s, {(after.video_bytes - before.video_bytes) / 1000:.0f} kB"
        + (f"; times that the picture was asked for again: {again}" if again else "")
    )


def _wait_for_both(page: Page, *, limit_s: float) -> int:
    """Wait for voice and picture; return how often a picture was asked for again, as an operator does when a
    voice came alone."""
    asked = 0

    def is_there() -> bool:
        nonlocal asked
        if page.locator(AGAIN).is_visible():
            page.keyboard.press("i")
            page.wait_for_selector(AGAIN, state="hidden")
            asked += 1
        return is_heard_and_seen(page)

    wait_until(is_there, limit_s=limit_s, what="voice and picture")
    return asked


def _hang_up(box: Machine, outside: Outside, page: Page, *, limit_s: float) -> None:
    page.keyboard.press("k")
    ended_s = outside.wait_until(
        lambda store: not any(call.state in LIVE for call in store.open_calls()),
        limit_s=limit_s,
        what="the call is over",
    )
    while box.unit(VIDEO_UNIT, "ActiveState") != "inactive":
        assert time.monotonic() - ended_s < limit_s, "it does not end with its call"
        time.sleep(0.5)  # systemd announces nothing to this side


def log(box: Machine, unit: str) -> str:
    """Return the last words of a unit."""
    return box.tried(f"journalctl -u {unit} -n 40 --no-pager -o cat")[0]
