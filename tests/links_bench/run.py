"""One run: a sender, a link, so many seconds; what came of it (shell)."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from tests.bench.report import progress
from tests.links_bench.clip import Clip
from tests.links_bench.plain_side import PlainSide
from tests.links_bench.receiver import Watcher
from tests.links_bench.result import Flow, Run, figures
from tests.links_bench.side import Call
from tests.links_bench.village_side import VillageSide
from tests.simulators.links import Profile
from tests.simulators.links.uploads import uploads
from tests.village.conversation import LIMIT_S, is_heard_and_seen
from tests.village.eyes import wait_until

Side = PlainSide | VillageSide
Peer = Literal["ours", "aiortc", "chromium", "chromium-tuned"]
PEERS: Final[tuple[Peer, ...]] = ("ours", "aiortc", "chromium", "chromium-tuned")
LOOK_EVERY_MS: Final = 1_000


def run(peer: Peer, profile: Profile, clip: Clip, *, seconds: float) -> Run:
    """Let `peer` send over the link, and return what came of it.

    The link's steps begin when the first picture and voice have come. A profile of several flows has as many
    senders behind the one link, each joining `stagger_s` after the one before.
    """
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as name, ExitStack() as stack:
        side = _side(peer, profile, clip, Path(name), stack)
        calls = [_begin(side)]
        began_s = side.link.set(profile)
        watchers = [Watcher(calls[0].page)]
        with uploads(side.link, profile) as uploads_port:
            while (now_s := time.monotonic()) < began_s + seconds:
                if len(calls) < profile.flows and now_s >= began_s + len(calls) * profile.stagger_s:
                    calls.append(_begin(side))
                    watchers.append(Watcher(calls[-1].page))
                progress(f"{peer} over {profile.name}: {began_s + seconds - now_s:3.0f} s ")
                left_ms = (began_s + seconds - time.monotonic()) * 1_000
                calls[0].page.wait_for_timeout(min(LOOK_EVERY_MS, max(0.0, left_ms)))
                for watcher in watchers:
                    watcher.look()
        progress("\n")
        watched = [watcher.stop() for watcher in watchers]
        packets = side.link.packets()
    flows = [
        Flow(seen=one.seen(clip), ports=frozenset(watcher.ports), targets=call.targets)
        for one, watcher, call in zip(watched, watchers, calls, strict=True)
    ]
    return figures(peer, profile, packets, flows, began_s=began_s, seconds=seconds, uploads_port=uploads_port)


def _side(peer: Peer, profile: Profile, clip: Clip, folder: Path, stack: ExitStack) -> Side:
    if peer == "ours":
        return stack.enter_context(VillageSide(profile, clip, folder))
    return stack.enter_context(PlainSide(peer, profile, clip, folder))


def _begin(side: Side) -> Call:
    """Return a call when its first picture and voice have come."""
    call = side.call()
    wait_until(lambda: is_heard_and_seen(call.page), limit_s=LIMIT_S, what="the first picture and voice")
    return call
