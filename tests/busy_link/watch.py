"""A laden call is let last: looked at each second, the button pressed at random (shell)."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Final

from tests.bench.machine import Busy
from tests.bench.report import progress
from tests.busy_link.figures import WHOLE, Course, Look, concealed, outages
from tests.busy_link.laden_call import laden_call
from tests.drain.held import Faults, Held, faults_of
from tests.drain.presses import Presses
from tests.simulators.links import Logged, Profile
from tests.simulators.links.uploads import uploads
from tests.village.media_watch import heard_since_s, is_alive, media_counts, painted_s

COURSE: Final = "course.json"  # for who wants to know second by second
LOOK_EVERY_S: Final = 1.0
PRESS_LOOK_S: Final = 0.05
PRESS_APART_S: Final = 0.5  # at least
LAST_PRESS_LIMIT_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of it."""

    course: Course
    packets: Sequence[Logged]  # times are monotonic, as of `began_s`
    began_s: float
    uploads_port: int
    busy: float  # share of the machine's processors
    owed: int  # records of the backlog that the hub did not hold when the call stood
    before: Held
    after: Held
    faults: Faults
    presses: list[tuple[float, float]]  # when (profile), and how long until the hub's store had committed it
    presses_lost: int


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
        before = presses.held(call.backlog)
        busy, to_wall_s = Busy(), time.time() - time.monotonic()
        first, began_s = media_counts(call.page), call.link.set(profile)
        looks = [Look(0.0, first.heard_samples, first.concealed_samples + first.silenced_samples)]
        press_after_s = _gaps_s(press_every_s, seed=seed)
        ends_s, look_s, press_s = began_s + seconds, began_s + LOOK_EVERY_S, began_s + next(press_after_s)
        with uploads(call.link, profile) as uploads_port:
            while (now_s := time.monotonic()) < ends_s:
                if now_s >= press_s:
                    presses.press()
                    press_s = now_s + next(press_after_s)
                if now_s >= look_s:
                    last = media_counts(call.page)
                    made_up = last.concealed_samples + last.silenced_samples
                    looks.append(Look(time.monotonic() - began_s, last.heard_samples, made_up))
                    look_s += LOOK_EVERY_S
                    progress(f"{ends_s - now_s:4.0f} s left, {concealed(looks, WHOLE):.2%} made up ")
                presses.watch(PRESS_LOOK_S)
        busy_share, last = busy.share(), media_counts(call.page)
        alive = is_alive(call.page, to_s=time.time())
        presses.wait(limit_s=LAST_PRESS_LIMIT_S)
        progress("\n")
        voices = [
            heard_since_s(call.page, end_s + began_s + to_wall_s, to_wall_s=to_wall_s)
            for _, end_s in outages(profile.up, seconds=seconds)
        ]
        course = Course(
            seconds=seconds,
            alive=alive,
            legs=last.connections // 2,
            looks=looks,
            painted_s=[at_s - to_wall_s - began_s for at_s in painted_s(call.page)],
            heard_s=[at_s - began_s for at_s in voices if at_s is not None],
        )
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


def _gaps_s(every_s: float | None, *, seed: int) -> Iterator[float]:
    """How long until the next press, again and again."""
    chance = random.Random(seed)
    while True:
        yield max(PRESS_APART_S, chance.expovariate(1 / every_s)) if every_s else inf
