"""A laden call is let last: looked at each second, the button pressed at random (shell)."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.bench.machine import Busy
from tests.bench.report import progress
from tests.busy_link.figures import WHOLE, Course, Look, Span, concealed, outages
from tests.busy_link.laden_call import laden_call
from tests.busy_link.result import Watched
from tests.drain.held import faults_of
from tests.drain.presses import Presses
from tests.simulators.links import Profile
from tests.simulators.links.uploads import uploads
from tests.village.media_watch import heard_since_s, is_alive, media_counts, painted_s

COURSE: Final = "course.json"  # for who wants to know second by second
LOOK_EVERY_S: Final = 1.0
PRESS_LOOK_S: Final = 0.05
PRESS_APART_S: Final = 0.5  # at least
LAST_PRESS_LIMIT_S: Final = 60.0


def watched_call(
    folder: Path,
    profile: Profile,
    *,
    hours: float,
    seconds: float,
    press_every_s: float | None = None,
    seed: int = 1,
) -> Watched:
    """Make a laden call and watch it for so long, from the first picture and voice on; the profile's steps
    begin then. The button is pressed so often on average: each press of an open call is a nudge of it.
    """
    with laden_call(folder, profile, hours=hours) as call, Presses(call.station, call.store) as presses:
        before, busy, to_wall_s = presses.held(call.backlog), Busy(), time.time() - time.monotonic()
        began_s = call.link.set(profile)
        with uploads(call.link, profile) as uploads_port:
            press_after_s = _gaps_s(press_every_s, seed=seed)
            looks = _let_last(
                call.page, presses, began_s=began_s, seconds=seconds, press_after_s=press_after_s
            )
        busy_share = busy.share()
        course = Course(
            seconds=seconds,
            alive=is_alive(call.page, to_s=time.time()),
            legs=media_counts(call.page).connections // 2,
            looks=looks,
            painted_s=[at_s - to_wall_s - began_s for at_s in painted_s(call.page)],
            heard_s=_heard_after_s(call.page, outages(profile.up, seconds=seconds), began_s + to_wall_s),
        )
        presses.wait(limit_s=LAST_PRESS_LIMIT_S)
        watched = Watched(
            course=course,
            packets=call.link.packets(),
            began_s=began_s,
            uploads_port=uploads_port,
            busy=busy_share,
            owed=call.backlog.records - before.backlog,
            before=before,
            after=presses.held(call.backlog),
            faults=faults_of(call.station, call.store),
            presses=[(at_s - began_s, took_s) for at_s, took_s in presses.took_s],
            presses_lost=presses.waiting,
        )
    told = [(at_s - began_s, message) for at_s, message in call.told]
    kept = {**asdict(course), "began_s": began_s, "presses": watched.presses, "told": told}
    (folder / COURSE).write_text(json.dumps(kept), encoding="utf-8")
    return watched


def _let_last(
    page: Page, presses: Presses, *, began_s: float, seconds: float, press_after_s: Iterator[float]
) -> list[Look]:
    """Look each second, press meanwhile."""
    looks = [_look(page, began_s)]
    ends_s, look_s, press_s = began_s + seconds, began_s + LOOK_EVERY_S, began_s + next(press_after_s)
    while (now_s := time.monotonic()) < ends_s:
        if now_s >= press_s:
            presses.press()
            press_s = now_s + next(press_after_s)
        if now_s >= look_s:
            looks.append(_look(page, began_s))
            look_s += LOOK_EVERY_S
            progress(f"{ends_s - now_s:4.0f} s left, {concealed(looks, WHOLE):.2%} made up ")
        presses.watch(PRESS_LOOK_S)
    progress("\n")
    return looks


def _look(page: Page, began_s: float) -> Look:
    counts = media_counts(page)
    made_up = counts.concealed_samples + counts.silenced_samples
    return Look(time.monotonic() - began_s, counts.heard_samples, made_up)


def _heard_after_s(page: Page, dark: Sequence[Span], to_wall_s: float) -> list[float]:
    """When (profile) a voice was first heard after each, where one was. `to_wall_s`: to be wall clock."""
    heard = [heard_since_s(page, end_s + to_wall_s, to_wall_s=to_wall_s) for _, end_s in dark]
    return [at_s for at_s in heard if at_s is not None]


def _gaps_s(every_s: float | None, *, seed: int) -> Iterator[float]:
    """How long until the next press, again and again."""
    chance = random.Random(seed)
    while True:
        yield max(PRESS_APART_S, chance.expovariate(1 / every_s)) if every_s else inf
