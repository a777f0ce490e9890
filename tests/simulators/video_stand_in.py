"""What `edge vitals` sees of an `edge video`: a process that speaks the messages, well or badly.

    python -m tests.simulators.video_stand_in SOCKET FOLDER [deaf|flood|dies|stubborn|clings|mute|flows]

Each line it hears goes to FOLDER/heard, after its process id. At a `join` it opens its devices and offers; at
a `photo` it sends PICTURE; a prompt it has said at once. `deaf` never reads, `flood` says everything wrong
that it can, as fast as it can, `dies` ends at once, `stubborn` ignores SIGTERM, `clings` keeps its devices
open after the call, `mute` never ends a prompt, `flows` says that its leg stands and what the link
gives it, as does one that has another at the other end.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from edge.call.video_messages import (
    CallOver,
    DevicesNow,
    FromHub,
    MediaRate,
    Say,
    Spoke,
    ToHub,
    encode_line,
    parse_to_video,
    photo_slices,
)

PICTURE = bytes(range(256)) * 300  # 76,800 bytes: four slices, and more than one batch
LEG = "1e61e61e61e61e61"
RATE_BPS = 48_000
FIND_AGAIN_S = 0.05
GIVE_UP_S = 20.0
CLOSED = DevicesNow(camera="closed", microphone="closed", loudspeaker="closed")
OPEN = DevicesNow(camera="open", microphone="open", loudspeaker="missing", text="no loudspeaker: plug one in")


class StandIn:
    """One process."""

    def __init__(self, path: Path, folder: Path, manner: str) -> None:
        self._path, self._folder, self._manner = path, folder, manner
        self._devices = CLOSED

    def run(self) -> None:
        """Speak with each life of `edge vitals` until none has been there for GIVE_UP_S."""
        if self._manner == "dies":
            return
        if self._manner == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        gone_s = time.monotonic()
        while time.monotonic() - gone_s < GIVE_UP_S:
            try:
                self._talk()
                gone_s = time.monotonic()
            except (OSError, ValueError):
                pass
            time.sleep(FIND_AGAIN_S)

    def _talk(self) -> None:
        with socket.socket(socket.AF_UNIX) as line:
            folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
            line.connect(f"/proc/self/fd/{folder}/{self._path.name}")
            os.close(folder)
            line.sendall(b'{"ask": "video"}\n')
            heard = line.makefile("rb")
            answer = json.loads(heard.readline())
            self._note(json.dumps(answer).encode())
            if not answer["ok"]:
                raise ValueError(answer["error"])
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
    StandIn(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "").run()
