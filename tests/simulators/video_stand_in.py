"""What `edge vitals` sees of an `edge video`: a process that speaks the messages, well or badly.

    python -m tests.simulators.video_stand_in FOLDER [deaf|flood|dies|stubborn|clings|mute|flows|tries]

It is called at the socket on its standard input. Each line that it hears goes to FOLDER/heard, after its
process id. At a `join` it opens its devices and offers; at a `photo` it sends PICTURE; a prompt it has said
at once. `deaf` never reads, `flood` says everything wrong that it can, as fast as it can, `dies` ends at
once, `stubborn` ignores SIGTERM and the end, `clings` keeps its devices open after the call, `mute` never
ends a prompt, `flows` says that its leg stands and what the link gives it, as does one that has another at
the other end, `tries` never ends a trial of the devices, which others end at once with TRIED.
FOLDER/waits-PID is there when it waits to be called.
"""

import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.call.video_messages import (
    CallOver,
    DevicesNow,
    DevicesTried,
    End,
    FromHub,
    Here,
    MediaRate,
    Say,
    Spoke,
    ToHub,
    TryDevices,
    encode_line,
    parse_to_video,
    photo_slices,
)
from edge.health.report import Finding

PICTURE = bytes(range(256)) * 300  # 76,800 bytes: four slices, and more than one batch
LEG = "1e61e61e61e61e61"
RATE_BPS = 48_000
GIVE_UP_S = 20.0
CLOSED = DevicesNow(camera="closed", microphone="closed", loudspeaker="closed")
TRIED = Finding(part="sound", is_well=True, text="the microphone hears the loudspeaker")
OPEN = DevicesNow(camera="open", microphone="open", loudspeaker="missing", text="no loudspeaker: plug one in")


class StandIn:
    """One process."""

    def __init__(self, listener: socket.socket, folder: Path, manner: str) -> None:
        self._listener, self._folder, self._manner = listener, folder, manner
        self._devices, self._has_ended = CLOSED, False

    def run(self) -> None:
        """Speak with each life of `edge vitals` until none has been there for GIVE_UP_S."""
        if self._manner == "dies":
            return
        if self._manner == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._listener.settimeout(GIVE_UP_S)
        (self._folder / f"waits-{os.getpid()}").touch()
        while not self._has_ended:
            line, _ = self._listener.accept()
            with suppress(OSError):
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as heard:
            self._note(b'{"tell": "called"}')
            line.sendall(encode_line(Here(pid=os.getpid())))
            line.sendall(encode_line(self._devices))
            if self._manner == "deaf":
                time.sleep(GIVE_UP_S)
            if self._manner == "flood":
                self._flood(line)
            for raw in heard:
                self._note(raw)
                match parse_to_video(raw):
                    case FromHub(signal=signal):
                        self._obey(line, signal)
                    case CallOver() if self._manner != "clings":
                        self._devices = CLOSED
                        line.sendall(encode_line(CLOSED))
                    case End() if self._manner != "stubborn":
                        self._has_ended = True
                        return
                    case TryDevices(is_wanted=True) if self._manner != "tries":
                        line.sendall(encode_line(DevicesTried(findings=(TRIED,))))
                    case Say(number=number, file=str()) if self._manner != "mute":
                        line.sendall(encode_line(Spoke(number=number)))
                    case _:
                        pass

    def _obey(self, line: socket.socket, said: dict[str, Any]) -> None:
        call = {"spool": said["spool"], "call_seq": said["call_seq"]}
        match said["signal"]:
            case "join":
                self._devices = OPEN
                line.sendall(encode_line(OPEN))
                offer = {"page": said["page"], "leg": said.get("leg", LEG), "direction": "up", "sdp": "v=0"}
                line.sendall(encode_line(ToHub(signal={"signal": "offer", **call, **offer})))
                if self._manner == "flows":
                    now = OPEN.model_dump(exclude={"tell"})
                    media = {"signal": "media", **call, "leg": offer["leg"], "is_connected": True, **now}
                    line.sendall(encode_line(ToHub(signal=media)))
                    line.sendall(encode_line(MediaRate(media_bps=RATE_BPS)))
            case "leave":
                self._devices = CLOSED
                line.sendall(encode_line(CLOSED))
            case "photo":
                for one in photo_slices(said["photo"], PICTURE):
                    line.sendall(encode_line(one))
            case _:
                pass

    def _flood(self, line: socket.socket) -> None:
        wrong = [
            b"garbage\n",
            b'{"tell": "devices", "camera": "asleep"}\n',
            b'{"tell": "to hub", "signal": {"signal": "interest", "lease_s": 1.0}}\n',
            b'{"tell": "to hub", "signal": {}}\n',
            encode_line(ToHub(signal={"signal": "join"})),
            b"\xff\x00\n",
        ]
        while True:
            line.sendall(b"".join(wrong) * 20)

    def _note(self, raw: bytes) -> None:
        with (self._folder / "heard").open("ab") as file:
            file.write(str(os.getpid()).encode() + b" " + raw.strip() + b"\n")


def heard(folder: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return what the stand-ins of a folder were told: process id, line. For the test."""
    path = folder / "heard"
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # the last may still be being written
    return [(int(pid), json.loads(text)) for pid, _, text in (line.partition(" ") for line in lines)]


if __name__ == "__main__":
    with suppress(TimeoutError), socket.socket(fileno=0) as called:
        StandIn(called, Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "").run()
