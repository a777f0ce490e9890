"""A simulated board as a process, commanded by JSON lines on stdin, until stdin ends.

    python -m tests.simulators.board --link PATH --recording an

Commands: {"do": "press"}, release, camera_press, camera_release, leads_on, leads_off, probe_on, probe_off,
unplug, replug, state, and
{"do": "reset", "cause": "watchdog"}, {"do": "next_person", "recording": "binh"},
{"do": "loss", "ratio": 0.2}, {"do": "inject", "hex": "00ff"}, {"do": "truth", "file": PATH}.
Each is answered by one JSON line, {"did": …} or {"error": …}; changes of the call lamp come by themselves,
{"lamp": …, "level": …, "by": …}.
"""

import argparse
import json
import random
import sys
import threading
from pathlib import Path

from firmware_bridge.events import ResetCause
from tests.simulators.board import recordings
from tests.simulators.board.sim import DEFAULT_UID, BoardSim

_PLAIN_VERBS = frozenset(
    {"release", "camera_press", "camera_release"}
    | {"leads_on", "leads_off", "probe_on", "probe_off", "replug"}
)


class _Console:
    """Obeys one JSON line after the other."""

    def __init__(self, board: BoardSim) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._is_done = threading.Event()

    def watch_lamp(self) -> None:
        """Say each change of the lamp, within 50 ms."""
        before = None
        while not self._is_done.wait(0.05):
            lamp = self._board.lamp
            if lamp != before:
                self.say({"lamp": lamp.pattern.name.lower(), "level": lamp.level, "by": lamp.by})
            before = lamp

    def obey(self, line: str) -> None:
        """Do one command and answer it."""
        try:
            command = json.loads(line)
            self.say({"did": command["do"], **self._do(command)})
        except (ValueError, KeyError, TypeError) as error:
            self.say({"error": f"{error!r} in {line.strip()!r}"})

    def stop(self) -> None:
        """No more lamp changes."""
        self._is_done.set()

    def say(self, answer: dict[str, object]) -> None:
        """Write one JSON line."""
        with self._lock:
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()

    def _do(self, command: dict[str, str]) -> dict[str, object]:
        board = self._board
        match command["do"]:
            case "press":
                identity = board.press()
                return {"press": identity and [identity.uid.hex(), *identity[1:]]}
            case verb if verb in _PLAIN_VERBS:
                getattr(board, verb)()
            case "unplug":
                board.unplug(keeps_power=bool(command.get("keeps_power", False)))
            case "reset":
                board.reset(ResetCause[command.get("cause", "watchdog").upper()])
            case "next_person":
                board.next_person(command["recording"])
            case "inject":
                board.inject(bytes.fromhex(command["hex"]))
            case "loss":
                board.set_loss(float(command["ratio"]))
            case "truth":
                return {"file": command["file"], "boots": _save_truth(board, Path(command["file"]))}
            case "state":
                return {
                    "boot": board.boot_id,
                    "unacked": board.unacked,
                    "lamp": board.lamp.pattern.name.lower(),
                }
            case other:
                raise ValueError(f"no verb {other!r}")
        return {}


def _save_truth(board: BoardSim, path: Path) -> list[int]:
    """Write what was sent as JSON: {boot: {stream: [[first index, [values]], …]}}; return the boots."""
    blocks: dict[str, dict[str, list[object]]] = {}
    for (boot_id, stream_id), told in list(board.truth.blocks.items()):
        rows: list[object] = [[first, block[:, 0].tolist()] for first, block in list(told)]
        blocks.setdefault(str(boot_id), {})[str(stream_id)] = rows
    path.write_text(json.dumps(blocks), encoding="utf-8")
    return list(board.truth.boots)


def main() -> None:
    """Run one board until stdin ends."""
    parser = argparse.ArgumentParser(description="a simulated board; commands as JSON lines on stdin")
    parser.add_argument("--link", type=Path, required=True, help="symbolic link to make, to the terminal")
    parser.add_argument("--recording", choices=recordings.NAMES, default="an")
    parser.add_argument("--uid", type=bytes.fromhex, default=DEFAULT_UID, help="16 hexadecimal digits")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the board's clock runs")
    parser.add_argument("--loss", type=float, default=0.0, help="part of the frames that is lost")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--idle", action="store_true", help="nobody is attached yet")
    options = parser.parse_args()
    with BoardSim(
        options.link,
        options.recording,
        uid=options.uid,
        speed=options.speed,
        loss_ratio=options.loss,
        seed=options.seed,
        is_attached=not options.idle,
    ) as board:
        console = _Console(board)
        watcher = threading.Thread(target=console.watch_lamp, name="lamp")
        console.say({"ready": str(options.link), "uid": options.uid.hex(), "boot": board.boot_id})
        watcher.start()
        try:
            for line in sys.stdin:
                console.obey(line)
        except KeyboardInterrupt:
            pass
        finally:
            console.stop()
            watcher.join()


if __name__ == "__main__":
    main()
