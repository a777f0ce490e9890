"""All peers over all profiles, so many times: kept in a folder, gone on with after a break (shell)."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.machine import Busy
from tests.bench.report import progress
from tests.links_bench.clip import Clip
from tests.links_bench.drawing import draw
from tests.links_bench.result import medians
from tests.links_bench.run import Peer, run
from tests.links_bench.table import table
from tests.simulators.links import Profile

AROUND_S: Final = 25.0  # what a run takes beside its seconds, until one has told


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of the plan, and the file that says that it was done."""

    peer: Peer
    profile: Profile
    number: int

    def file(self, folder: Path) -> Path:
        """Where its document is."""
        return folder / "runs" / f"{self.profile.name}.{self.peer}.{self.number}.json"


def campaign(
    folder: Path, peers: Sequence[Peer], profiles: Sequence[Profile], *, repeat: int, seconds: float
) -> list[dict[str, Any]]:
    """Run what `folder` does not have yet; write the table after each and pictures at the end;
    return the medians.

    A run that fails is told and left out; the next campaign in this folder tries it again. `busy` is the
    share of the machine's processors that was not idle: near 1, a run says more of it than of who sent.
    """
    plan = [
        Planned(peer, profile, number)
        for number in range(1, repeat + 1)
        for profile in profiles
        for peer in peers
    ]
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    clip: Clip | None = None
    left = [one for one in plan if not one.file(folder).exists()]
    each_s = seconds + AROUND_S
    for done, one in enumerate(left):
        left_min = (len(left) - done) * each_s / 60
        progress(f"{len(plan) - len(left) + done} of {len(plan)} runs, {left_min:.0f} min left\n")
        began_s, busy = time.monotonic(), Busy()
        clip = clip or Clip(folder)
        try:
            document = run(one.peer, one.profile, clip, seconds=seconds).document()
        except Exception as error:  # noqa: BLE001 - a hundred runs do not end with one
            progress(f"{one.peer} over {one.profile.name}, run {one.number}: {error!r}\n")
            continue
        document["busy"] = busy.share()
        partial = one.file(folder).with_suffix(".part")
        partial.write_text(json.dumps(document), encoding="utf-8")
        partial.rename(one.file(folder))
        each_s = time.monotonic() - began_s
        write_table(folder, plan)
    write_pictures(folder, plan)
    return write_table(folder, plan)


def write_table(folder: Path, plan: Sequence[Planned]) -> list[dict[str, Any]]:
    """Write `links.json` and `links.md` of what there is; return the medians."""
    rows = []
    for runs in _by_profile_and_peer(folder, plan).values():
        counts = {"runs": len(runs), "busy": max(one["busy"] for one in runs)}
        rows.append({**medians([one["figures"] for one in runs]), **counts})
    (folder / "links.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (folder / "links.md").write_text(table(rows), encoding="utf-8")
    return rows


def write_pictures(folder: Path, plan: Sequence[Planned]) -> None:
    """Draw the first run of each peer, one picture a profile."""
    courses: dict[str, dict[str, Any]] = {}
    for (profile, peer), runs in _by_profile_and_peer(folder, plan).items():
        courses.setdefault(profile, {})[peer] = runs[0]["course"]
    for profile, by_peer in courses.items():
        draw(by_peer, title=profile, path=folder / f"{profile}.png")


def _by_profile_and_peer(folder: Path, plan: Sequence[Planned]) -> dict[tuple[str, Peer], list[Any]]:
    """The documents of runs that are done, in the order of the plan."""
    found: dict[tuple[str, Peer], list[Any]] = {}
    for one in plan:
        if one.file(folder).exists():
            document = json.loads(one.file(folder).read_text(encoding="utf-8"))
            found.setdefault((one.profile.name, one.peer), []).append(document)
    return found
