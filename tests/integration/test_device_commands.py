"""`./run device …` as a program, on pseudo-terminals: what it prints is what was sent."""

import json
import os
import random
import subprocess
import sys
import time
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
        assert replay.stdout.readline()  # the port is there
        watched = device("watch", str(replayed), "--driver", "berry-bm1000", "--json", "--seconds", "3")
        replay.wait(LIMIT_S)
    told = events_of(watched)
    assert told[0]["event"] == "InstrumentConnected"
    waves = [one for one in told if one["event"] == "SampleBlock" and one["stream_id"] == 0]
    again = [sample for one in waves for [sample] in one["samples"]]
    assert len(again) > 20
    assert " ".join(map(str, again)) in " ".join(map(str, decoded))


def test_a_port_that_is_not_there_and_a_file_that_is_are_refused(tmp_path: Path) -> None:
    missing = device("record", str(tmp_path / "none"), str(tmp_path / "file"))
    assert (missing.returncode, "no such device" in missing.stderr) == (2, True)
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
