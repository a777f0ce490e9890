import json
from pathlib import Path
from typing import Any

import pytest

from tests.links_bench import campaign as module
from tests.links_bench.campaign import campaign
from tests.links_bench.clip import Clip
from tests.links_bench.result import Course, Run
from tests.links_bench.run import Peer
from tests.links_bench.table import COLUMNS, table
from tests.simulators.links import FLOOR_64K, Profile
from tests.simulators.links.known import RFC51_1M


class Runs:
    """In place of a minute each: what was run, and failures as they are wished."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.fails: set[str] = set()

    def run(self, peer: Peer, profile: Profile, _clip: Clip, *, seconds: float) -> Run:
        self.done.append((profile.name, peer))
        if peer in self.fails:
            raise TimeoutError("no picture came")
        figures: dict[str, Any] = {"peer": peer, "profile": profile.name, "seconds": seconds, "alive": True}
        figures |= {"utilisation": 0.5 + 0.1 * len(self.done), "step_up_s": "never"}
        course = Course(
            link=[(0.0, 64.0), (10.0, 64.0)],
            carried=[[10.0] * 20],
            others=[0.0] * 20,
            targets=[[(1.0, 50.0), (2.0, 60.0)]],
            queue=[(1.0, 20.0)],
            painted=[[1.0, 2.0, 3.5]],
        )
        return Run(figures=figures, course=course)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(module, "run", runs.run)
    monkeypatch.setattr(module, "Clip", lambda _folder: None)
    return runs


PEERS: tuple[Peer, ...] = ("ours", "aiortc")


def test_every_peer_runs_over_every_profile_and_the_medians_stand_in_one_table(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, list[str]] = {}
    monkeypatch.setattr(module, "draw", lambda courses, *, title, **_: drawn.update({title: list(courses)}))
    rows = campaign(tmp_path, PEERS, [FLOOR_64K, RFC51_1M], repeat=3, seconds=10)
    assert len(runs.done) == 12
    assert [(row["profile"], row["peer"], row["runs"]) for row in rows] == [
        ("floor_64k", "ours", 3),
        ("floor_64k", "aiortc", 3),
        ("rfc51_1M", "ours", 3),
        ("rfc51_1M", "aiortc", 3),
    ]
    assert rows[0]["utilisation"] == pytest.approx(0.5 + 0.1 * 5)  # of the first, the fifth and the ninth
    assert all(0 <= row["busy"] <= 1 for row in rows)
    assert json.loads((tmp_path / "links.json").read_text()) == rows
    assert (tmp_path / "links.md").read_text() == table(rows)
    assert drawn == {"floor_64k": list(PEERS), "rfc51_1M": list(PEERS)}


def test_what_a_folder_has_is_not_run_again_and_what_failed_is(tmp_path: Path, runs: Runs) -> None:
    runs.fails = set(PEERS)
    assert campaign(tmp_path, PEERS, [FLOOR_64K], repeat=1, seconds=10) == []
    runs.fails = set()
    campaign(tmp_path, PEERS[:1], [FLOOR_64K], repeat=1, seconds=10)
    runs.done.clear()
    rows = campaign(tmp_path, PEERS, [FLOOR_64K], repeat=2, seconds=10)
    assert runs.done == [("floor_64k", "aiortc"), ("floor_64k", "ours"), ("floor_64k", "aiortc")]
    assert [row["runs"] for row in rows] == [2, 2]
    assert (tmp_path / "floor_64k.png").read_bytes().startswith(b"\x89PNG")


def test_a_table_says_who_died_and_has_a_dash_for_what_is_not_known() -> None:
    head, _, line = table([{"profile": "floor_64k", "peer": "aiortc", "alive": False}]).splitlines()
    assert [one.strip() for one in head.strip("|").split("|")] == list(COLUMNS)
    assert line.startswith("| floor_64k | aiortc | – | NO | – |")
