"""Power cuts at the block device: a few of the states that `./run bench powercut` makes by the hundred.

They need root, FUSE, loop devices and QEMU's storage daemon. Where one of them is missing no such state can
be made; then the bench has to say so, and what is missing.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import powercut
from tests.crash.checker import Checker
from tests.crash.recording import Recording
from tests.crash.trace import Make, Resize, Step, Sync, Write
from tests.powercut import logged_disk
from tests.powercut.box_mount import UnbootableError, is_sound, started
from tests.powercut.campaign import judge, live
from tests.powercut.keeper import PATHS, data_of, planned, wrong_with
from tests.powercut.logged_disk import unable
from tests.powercut.recorded import Recorded, new_device, record
from tests.powercut.write_log import DEVICE

SECONDS = 3  # of each life
LIVES = 2
STATES = 10  # of each
LACKING = unable()


def refuses(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    monkeypatch.setattr(sys, "argv", ["powercut"])
    with pytest.raises(SystemExit, match=re.escape(why)):
        powercut.main()


def test_a_box_starts_from_whatever_a_cut_leaves_and_has_all_that_was_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    for number, recorded in enumerate(live(LIVES, seconds=SECONDS, seed=1)):
        assert Checker(recorded.spool).flaws().is_good
        assert len(recorded.kept) > number
        tally = judge(recorded, states=STATES, seed=1)
        assert tally.words == []
        assert tally.states == STATES


def test_the_same_bench_finds_the_losses_of_a_box_that_does_not_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    tally = judge(record(new_device(), 0, seconds=SECONDS, careless=True), states=STATES, seed=1)
    assert tally.lost > STATES // 10, tally.words


def test_a_device_that_does_not_come_up_by_itself_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if LACKING:
        refuses(monkeypatch, LACKING)
        return
    whole = new_device().device
    noise = whole[:1_024] + bytes(len(whole) - 1_024)
    steps: list[Step] = [Make(DEVICE), Sync(None), Resize(DEVICE, len(whole)), Sync(DEVICE)]
    steps.append(Write(DEVICE, 0, noise))
    tally = judge(Recorded(Recording(steps, [], [], {}), 4, [], []), states=1, seed=1)
    assert (tally.states, tally.unbootable) == (1, 1)
    device, mount = tmp_path / "device", tmp_path / "mount"
    mount.mkdir()
    device.write_bytes(noise)
    assert not is_sound(device)
    device.write_bytes(whole)
    with pytest.raises(UnbootableError, match="became read-only"), started(device, mount):
        subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
    assert is_sound(device)


def test_a_machine_that_cannot_make_such_states_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logged_disk, "DAEMON", "no-such-daemon")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    refuses(monkeypatch, "no-such-daemon")
    monkeypatch.setattr("os.geteuid", lambda: 1_000)
    refuses(monkeypatch, "needs root")


def test_without_an_image_no_machine_is_killed_and_the_bench_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["powercut", "--states", "0", "--image", str(tmp_path), "--json", "-"])
    powercut.main()
    told = json.loads(capsys.readouterr().out)
    assert (told["guest_kills"], told["lost"], told["unbootable"]) == (0, 0, 0)
    assert str(tmp_path) in told["no_guests"]


def test_files_are_held_against_what_was_durable(tmp_path: Path) -> None:
    plan = planned()
    kept = [next(plan) for _ in range(len(PATHS) + 1)]
    coming = next(plan)
    (tmp_path / PATHS[-1]).parent.mkdir()
    for one in kept:
        (tmp_path / one.path).write_bytes(data_of(one))
    assert list(wrong_with(tmp_path, kept)) == []
    (tmp_path / coming.path).write_bytes(data_of(coming))
    assert list(wrong_with(tmp_path, kept)) == []
    for harm in (b"", data_of(kept[0])[:-1], data_of(coming)):
        (tmp_path / kept[0].path).write_bytes(harm)
        [told] = wrong_with(tmp_path, kept)
        assert kept[0].path in told
