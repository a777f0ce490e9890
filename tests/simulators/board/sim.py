"""The board's cable: a pseudo-terminal, and the thread that drives the core. A thin shell."""

import os
import pty
import random
import select
import threading
import time
import tty
from pathlib import Path
from typing import Final, Self

from firmware_bridge.board.catalogue import SCHEMA_HASH
from firmware_bridge.board.messages import ButtonState, OutputId
from firmware_bridge.events import PressIdentity, ProbeState, ResetCause
from tests.simulators.board import recordings
from tests.simulators.board.core import BoardCore, Truth
from tests.simulators.board.outputs import Lamp
from tests.simulators.board.queue import SAMPLE_QUEUE_BYTES
from tests.simulators.board.signals import BOTH_ELECTRODES

MAX_SLEEP_S: Final = 0.25
DEFAULT_UID: Final = bytes.fromhex("48 44 00 00 00 00 00 01")


class BoardSim:
    """The board, its cable, and its thread. `link` is a symbolic link to the terminal of the moment."""

    def __init__(
        self,
        link: Path,
        recording: str = "an",
        *,
        uid: bytes = DEFAULT_UID,
        speed: float = 1.0,
        loss_ratio: float = 0.0,
        seed: int = 1,
        is_attached: bool = True,
        schema_hash: int = SCHEMA_HASH,
        queue_bytes: int = SAMPLE_QUEUE_BYTES,
    ) -> None:
        self.link = link
        self._core = BoardCore(
            recordings.load(recording),
            uid=uid,
            rng=random.Random(seed),
            now_s=time.monotonic(),
            speed=speed,
            loss_ratio=loss_ratio,
            is_attached=is_attached,
            schema_hash=schema_hash,
            queue_bytes=queue_bytes,
        )
        self._lock = threading.Lock()  # the core belongs to whoever holds it
        self._pending = bytearray()
        self._fds: tuple[int, int] | None = None  # device end, host end (held so that a host may come and go)
        self._has_power = True
        self._is_stopped = False
        self._wake_r, self._wake_w = os.pipe()
        self._thread = threading.Thread(target=self._run, name=f"board {link.name}", daemon=True)

    def __enter__(self) -> Self:
        self._plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped = True
        self._poke()
        self._thread.join()
        with self._lock:
            self._unplug()
        os.close(self._wake_r)
        os.close(self._wake_w)

    # Verbs

    def press(self) -> PressIdentity | None:
        """Push the call button; None: it was down already."""
        with self._lock:
            identity = self._core.press(now_s=time.monotonic())
        self._poke()
        return identity

    def release(self) -> None:
        """Let the call button go."""
        with self._lock:
            self._core.release(now_s=time.monotonic())
        self._poke()

    def camera_press(self) -> None:
        """Push the camera button."""
        self._move_camera_button(is_down=True)

    def camera_release(self) -> None:
        """Let the camera button go."""
        self._move_camera_button(is_down=False)

    def break_loop(self, state: ButtonState) -> None:
        """Cut or short the button's wire; `UP` repairs it."""
        with self._lock:
            self._core.break_loop(state, now_s=time.monotonic())
        self._poke()

    def leads_on(self) -> None:
        """Clip the electrodes on."""
        self._attach(has_leads=True)

    def leads_off(self, mask: int = BOTH_ELECTRODES) -> None:
        """Take electrodes off: bit 0 is RA, 1 LA, 2 LL, 3 RL."""
        self._attach(has_leads=False, off_mask=mask)

    def probe_on(self) -> None:
        """Put the finger probe on."""
        self._attach(probe=ProbeState.ON)

    def probe_off(self) -> None:
        """Take the finger probe off."""
        self._attach(probe=ProbeState.OFF)

    def next_person(self, recording: str) -> None:
        """From now on the sensors measure somebody else."""
        self._attach(recording=recording)

    def reset(self, cause: ResetCause = ResetCause.WATCHDOG) -> None:
        """Start the board again; the terminal stays."""
        with self._lock:
            self._pending.clear()
            self._core.reset(cause, now_s=time.monotonic())
        self._poke()

    def unplug(self, *, keeps_power: bool = False) -> None:
        """Pull the cable. A USB board loses its power with it."""
        with self._lock:
            self._unplug()
            self._has_power = keeps_power
        self._poke()

    def replug(self) -> None:
        """Put the cable back: the same name, another terminal."""
        with self._lock:
            if not self._has_power:
                self._core.reset(ResetCause.POWER, now_s=time.monotonic())
                self._has_power = True
        self._plug()
        self._poke()

    def inject(self, data: bytes) -> None:
        """Put garbage on the wire, between two frames."""
        with self._lock:
            self._pending += data
        self._poke()

    def set_loss(self, ratio: float) -> None:
        """Lose this part of the frames, both ways."""
        with self._lock:
            self._core.loss_ratio = ratio

    # What can be seen

    @property
    def boot_id(self) -> int:
        """The present boot."""
        return self._core.boot_id

    @property
    def truth(self) -> Truth:
        """What really happened; read it when the board is quiet."""
        return self._core.truth

    @property
    def unacked(self) -> int:
        """How many events the host has not stored."""
        with self._lock:
            return self._core.ring.unacked

    @property
    def lamp(self) -> Lamp:
        """What the nurse sees now on the call LED."""
        return self.output(OutputId.CALL_LED)

    def output(self, output: OutputId) -> Lamp:
        """What an output does now."""
        with self._lock:
            return self._core.lamp(output, now_s=time.monotonic())

    # Inside

    def _move_camera_button(self, *, is_down: bool) -> None:
        with self._lock:
            self._core.move_camera_button(is_down=is_down, now_s=time.monotonic())
        self._poke()

    def _attach(
        self,
        *,
        has_leads: bool | None = None,
        probe: ProbeState | None = None,
        recording: str | None = None,
        off_mask: int = BOTH_ELECTRODES,
    ) -> None:
        person, now_s = recordings.load(recording) if recording else None, time.monotonic()
        with self._lock:
            self._core.attach(
                now_s=now_s, has_leads=has_leads, probe=probe, recording=person, off_mask=off_mask
            )
        self._poke()

    def _plug(self) -> None:
        device_fd, host_fd = pty.openpty()
        tty.setraw(host_fd)
        os.set_blocking(device_fd, False)
        staged = self.link.with_name(f".{self.link.name}.{host_fd}")
        staged.symlink_to(os.ttyname(host_fd))
        with self._lock:
            self._fds = (device_fd, host_fd)
            staged.replace(self.link)

    def _unplug(self) -> None:
        if self._fds:
            self.link.unlink(missing_ok=True)
            for fd in self._fds:
                os.close(fd)
            self._fds = None
        self._pending.clear()

    def _poke(self) -> None:
        os.write(self._wake_w, b"\0")

    def _run(self) -> None:
        while not self._is_stopped:
            with self._lock:
                fd, sleep_s = self._step()
            readers = [self._wake_r] if fd is None else [self._wake_r, fd]
            writers = [fd] if fd is not None and self._pending else []
            try:
                ready, _, _ = select.select(readers, writers, [], sleep_s)
            except OSError:  # unplugged meanwhile
                continue
            if self._wake_r in ready:
                os.read(self._wake_r, 4096)

    def _step(self) -> tuple[int | None, float]:
        """Read, advance, write; return what to wait for. The lock is held."""
        now_s = time.monotonic()
        if not self._has_power:
            return None, MAX_SLEEP_S
        fd = self._fds[0] if self._fds else None
        if fd is not None:
            self._core.feed(_read(fd), now_s=now_s)
        self._core.advance(now_s)
        while fd is not None and (self._pending or self._refill()):
            try:
                del self._pending[: os.write(fd, self._pending)]
            except BlockingIOError:
                break
        return fd, min(MAX_SLEEP_S, max(0.0, self._core.next_wake_s - time.monotonic()))

    def _refill(self) -> bool:
        self._pending += self._core.take()
        return bool(self._pending)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""
