"""Listening to ports on real pseudo-terminals, whose other end sees every byte that we would write."""

import asyncio
import contextlib
import fcntl
import os
import pty
import random
import select
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.board.messages import MessageType
from firmware_bridge.frames import Frame, encode
from firmware_bridge.port import SerialPort
from firmware_bridge.ports.listening import probe
from firmware_bridge.ports.ownership import _lockers, owner_of
from firmware_bridge.ports.probing import Outcome, ProbeResult
from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.sim import DeviceSim

OTHER_PROGRAM = """
import os, sys, termios, tty
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(fd)
before = termios.tcgetattr(fd)
print("open", flush=True)
heard = b""
while not heard.endswith(b"end"):
    heard += os.read(fd, 4096)
print(len(heard), termios.tcgetattr(fd) == before, flush=True)
"""

LOCKER = """
import fcntl, sys, time
port = open(sys.argv[1])
fcntl.flock(port, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(60)
"""


MAKER = """
import os, pty, time
_, theirs = pty.openpty()
print(os.ttyname(theirs), flush=True)
time.sleep(60)
"""


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def listen(path: str) -> ProbeResult:
    return asyncio.run(probe(path, boottime_s=boottime_s))


def sent_meanwhile(path: str, ours: int, next_bytes: Callable[[], bytes]) -> ProbeResult:
    async def scenario() -> ProbeResult:
        os.set_blocking(ours, False)
        listening = asyncio.create_task(probe(path, boottime_s=boottime_s))
        while not listening.done():
            with contextlib.suppress(BlockingIOError):  # an instrument does not wait
                os.write(ours, next_bytes())
            await asyncio.sleep(0.005)
        return listening.result()

    return asyncio.run(scenario())


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The device's end of a pseudo-terminal, and the path of the host's."""
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@contextmanager
def other_program(path: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROGRAM, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_port_that_another_program_has_open_is_left_alone(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    with other_program(path) as program:
        os.write(ours, b"x" * 1000)
        result = listen(path)
        os.write(ours, b"end")
        assert program.stdout is not None
        assert program.stdout.readline() == "1003 True\n"  # every byte was its own, and its line as it set it
        assert result.outcome is Outcome.OWNED
        assert f"process {program.pid}" in result.text
    assert not select.select([ours], [], [], 0)[0]  # not a byte came to the instrument


def test_a_port_that_is_locked_is_owned_though_its_owner_cannot_be_looked_into(tmp_path: Path) -> None:
    locked = tmp_path / "port"
    locked.touch()
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(locked)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            assert list(_lockers(locked.stat())) == [process.pid]
        finally:
            process.kill()
    assert list(_lockers(locked.stat())) == []


def test_who_made_a_pseudo_terminal_is_its_instrument_and_owns_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", MAKER], stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        path = maker.stdout.readline().strip()
        try:
            assert owner_of(path) is None
            with other_program(path) as program:
                owner = owner_of(path)
                assert owner is not None
                assert f"process {program.pid}" in owner
        finally:
            maker.kill()


def test_a_lock_file_names_the_owner_unless_it_is_empty_damaged_or_left_over(
    terminal: tuple[int, str], tmp_path: Path
) -> None:
    path = terminal[1]
    lock = tmp_path / f"LCK..{Path(path).name}"
    for left_over in (b"", b"\xff\xfe\x00\x00", b"minicom\n", b"4194305\n", f"{os.getpid()}\n".encode()):
        lock.write_bytes(left_over)
        assert owner_of(path, lock_folder=tmp_path) is None, left_over
    lock.write_text(f"{os.getppid():10d}\n", encoding="ascii")
    assert f"process {os.getppid()}" in str(owner_of(path, lock_folder=tmp_path))


def test_nobody_owns_a_port_that_is_free_or_not_there(terminal: tuple[int, str], tmp_path: Path) -> None:
    assert owner_of(terminal[1]) is None
    assert owner_of(str(tmp_path / "nothing")) is None
    assert owner_of(str(tmp_path)) is None


def test_a_port_that_is_locked_after_we_looked_is_not_listened_to(terminal: tuple[int, str]) -> None:
    _, path = terminal
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # by this process: no other program's
        assert listen(path).outcome is Outcome.OWNED
    finally:
        os.close(fd)


def test_a_port_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = listen(str(tmp_path / "ttyUSB0"))
    assert result.outcome is Outcome.FAILED
    assert "no such device" in result.text


def test_an_instrument_is_found_and_hears_nothing(tmp_path: Path) -> None:
    device = all_simulators()["berry-bm1000"](random.Random(1), now_s=time.monotonic())
    with DeviceSim(tmp_path / "port", device) as cable:
        result = listen(str(cable.link))
    assert "berry-bm1000" in result.drivers
    assert device.heard == b""


def test_whoever_is_silent_or_sends_noise_hears_nothing_either(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    assert listen(path).outcome is Outcome.SILENT

    rng = random.Random(2)  # a flood, so that no line is listened to for long
    assert sent_meanwhile(path, ours, lambda: rng.randbytes(2000)).outcome is Outcome.UNKNOWN
    assert not select.select([ours], [], [], 0)[0]


def test_our_own_board_is_recognised_and_hears_nothing(terminal: tuple[int, str]) -> None:
    ours, path = terminal
    beat = encode(Frame(MessageType.HEARTBEAT, bytes(32), seq=1, boot_id=7, t_us=5))
    assert sent_meanwhile(path, ours, lambda: beat).outcome is Outcome.BOARD
    assert not select.select([ours], [], [], 0)[0]


def test_the_line_is_set_without_opening_the_port_anew(terminal: tuple[int, str]) -> None:
    ours, path = terminal

    async def scenario() -> None:
        with SerialPort(path, baud=9600) as port:
            os.write(ours, b"of the old line")
            port.set_line(baud=19_200, parity="O")
            os.write(ours, b"new")
            assert await port.read(timeout_s=60.0) == b"new"
            speed = termios.tcgetattr(ours)[4]
            assert speed == termios.B19200

    asyncio.run(scenario())
