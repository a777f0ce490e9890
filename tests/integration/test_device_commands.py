"""`./run device …` as a program, on pseudo-terminals: what it prints is what was sent."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.devices.berry import Berry
from tests.simulators.devices.sim import DeviceSim

HOUSE = Path(__file__).parents[2]
LIMIT_S = 100


def device(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firmware_bridge", *arguments]
    return subprocess.run(
        command,
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        env={**os.environ, "COLUMNS": "200"},
    )


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "firmware_bridge", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=HOUSE, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until_there(path: Path, size_bytes: int = 0) -> None:
    for _ in range(LIMIT_S * 20):
        if path.exists() and path.stat().st_size >= size_bytes:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


def events_of(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.timeout(240)
def test_what_is_recorded_can_be_decoded_and_replayed(tmp_path: Path) -> None:
    oximeter = Berry(random.Random(1), now_s=time.monotonic())
    recording = tmp_path / "recording.txt"
    with DeviceSim(tmp_path / "port", oximeter):
        ran = device("record", str(tmp_path / "port"), str(recording), "--seconds", "3")
    assert ran.returncode == 0, ran.stderr
    *frames, counts = events_of(device("decode", "--driver", "berry-bm1000", str(recording), "--json"))
    decoded = [frame["samples"]["pleth"][0] for frame in frames]
    assert counts["damaged"] == 0
    assert len(decoded) > 50
    assert " ".join(map(str, decoded)) in " ".join(map(str, oximeter.sent["pleth"]))
    replayed = tmp_path / "again"
    command = [sys.executable, "-m", "firmware_bridge", "replay", str(recording), "--link", str(replayed)]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as replay:
        assert replay.stdout is not None
        assert replay.stdout.readline()  # the port is there, and nothing is said before somebody opens it
        watched = device("watch", str(replayed), "--driver", "berry-bm1000", "--json", "--seconds", "3")
        replay.wait(LIMIT_S)
    told = events_of(watched)
    assert told[0]["event"] == "InstrumentConnected"
    waves = [one for one in told if one["event"] == "SampleBlock" and one["stream_id"] == 0]
    again = [sample for one in waves for [sample] in one["samples"]]
    assert len(again) > 20
    assert again == decoded[: len(again)]


def test_a_port_that_is_not_there_and_a_file_that_is_are_refused(tmp_path: Path) -> None:
    for driver in ((), ("--driver", "berry-bm1000")):
        missing = device("record", str(tmp_path / "none"), str(tmp_path / "file"), *driver)
        assert (missing.returncode, "no such device" in missing.stderr) == (2, True)
        assert not (tmp_path / "file").exists()  # so that the next attempt can have the name
    (tmp_path / "file").touch()
    again = device("record", str(tmp_path / "none"), str(tmp_path / "file"))
    assert (again.returncode, "File exists" in again.stderr) == (2, True)
    told = events_of(
        device("watch", str(tmp_path / "none"), "--driver", "berry-bm1000", "--json", "--seconds", "1")
    )
    assert [one["event"] for one in told] == ["PortMissing"]


def test_list_says_what_is_plugged_in_or_that_nothing_is() -> None:
    ran = device("list")
    assert ran.returncode == 0, ran.stderr
    assert "no serial adapter" in ran.stdout or "port" in ran.stdout


def test_a_simulated_instrument_can_be_watched_and_is_found_by_listening(tmp_path: Path) -> None:
    port = tmp_path / "port"
    with running("simulate", "--driver", "masimo-ascii1", "--link", str(port)) as simulated:
        until_there(port)
        watched = device("watch", str(port), "--driver", "masimo-ascii1", "--seconds", "4")
        assert events_of(watched)[0]["event"] == "InstrumentConnected"
        probed = device("probe", str(port))
        assert (probed.returncode, "driver reads it: masimo-ascii1" in probed.stdout) == (0, True), (
            probed.stdout
        )
        simulated.send_signal(signal.SIGTERM)
        simulated.wait(LIMIT_S)
    assert not port.is_symlink()  # what ends the command ends the instrument


def test_a_port_that_another_program_has_open_is_neither_watched_nor_recorded(tmp_path: Path) -> None:
    port, kept = tmp_path / "port", tmp_path / "kept"
    with DeviceSim(port, Berry(random.Random(1), now_s=time.monotonic())):
        command = [sys.executable, "-c", "import time; print('open', flush=True); time.sleep(60)"]
        fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
        with subprocess.Popen(command, stdin=fd, stdout=subprocess.PIPE, text=True) as other:
            os.close(fd)
            assert other.stdout is not None
            assert other.stdout.readline() == "open\n"
            ran = (
                device("watch", str(port), "--driver", "berry-bm1000", "--seconds", "1"),
                device("record", str(port), str(kept), "--seconds", "1"),
            )
            other.kill()
    for one in ran:
        assert (one.returncode, f"process {other.pid}" in one.stderr) == (2, True), one
    assert not kept.exists()


def test_what_was_recorded_until_the_command_was_ended_is_kept(tmp_path: Path) -> None:
    port, kept = tmp_path / "port", tmp_path / "kept"
    with (
        DeviceSim(port, Berry(random.Random(1), now_s=time.monotonic())),
        running("record", str(port), str(kept), "--driver", "berry-bm1000") as recording,
    ):
        until_there(kept, size_bytes=1000)
        recording.send_signal(signal.SIGTERM)
        told, complaint = recording.communicate(timeout=LIMIT_S)
    assert (recording.returncode, complaint) == (0, "")
    assert f"bytes in {kept}" in told


def test_a_replay_that_is_ended_leaves_no_port_behind(tmp_path: Path) -> None:
    recording, port = tmp_path / "recording.txt", tmp_path / "port"
    recording.write_text("0.0 D 01\n60.0 D 02\n", encoding="utf-8")
    with running("replay", str(recording), "--link", str(port)) as replay:
        until_there(port)
        replay.send_signal(signal.SIGHUP)
        replay.communicate(timeout=LIMIT_S)
    assert (replay.returncode, port.is_symlink()) == (0, False)
