"""A serial port over a real pseudo-terminal: each byte once, one wake for what came together, and its end."""

import asyncio
import os
import pty
import select
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest

from firmware_bridge.errors import PortLostError
from firmware_bridge.port import READ_MAX_BYTES, SerialPort
from tests.integration.edge.loops import in_a_loop

TURNS = 10  # of the loop: more than anything takes that is ready
LIMIT_S = 10.0


@pytest.fixture
def device() -> Iterator[tuple[int, int, str]]:
    """The device's end, ours, and the path of ours."""
    far, near = pty.openpty()
    tty.setraw(far)
    tty.setraw(near)
    yield far, near, os.ttyname(near)
    for end in (far, near):
        with suppress(OSError):  # a test has closed it
            os.close(end)


@in_a_loop
async def test_what_came_wakes_its_reader_once(device: tuple[int, int, str]) -> None:
    far, _, path = device
    with SerialPort(path) as port:
        for _ in range(3):
            os.write(far, b"frame")
            assert await port.read(timeout_s=None) == b"frame"
            again = asyncio.create_task(port.read(timeout_s=None))
            for _ in range(TURNS):
                await asyncio.sleep(0)
            assert not again.done(), "woken, and there is nothing"
            port.wake()
            assert await again == b""


@in_a_loop
async def test_what_nobody_fetches_stays_in_order_and_does_not_grow(device: tuple[int, int, str]) -> None:
    far, _, path = device
    sent = bytes(range(256)) * (4 * READ_MAX_BYTES // 256)
    with SerialPort(path) as port:
        writing = asyncio.create_task(asyncio.to_thread(write_all, far, sent))
        came = b""
        while len(came) < len(sent):
            for _ in range(TURNS):
                await asyncio.sleep(0)
            data = await port.read(timeout_s=None)
            assert len(data) < 2 * READ_MAX_BYTES
            came += data
        await writing
        assert came == sent


@in_a_loop
async def test_what_comes_while_it_rests_waits_with_the_kernel(device: tuple[int, int, str]) -> None:
    far, near, path = device
    with SerialPort(path) as port:
        resting = asyncio.create_task(port.rest(LIMIT_S))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        os.write(far, b"frame")
        wait_for_bytes(near)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert await port.read(timeout_s=0) == b""
        resting.cancel()
        with suppress(asyncio.CancelledError):
            await resting
        assert await port.read(timeout_s=None) == b"frame"


@in_a_loop
async def test_what_came_while_it_rested_is_read_without_another_turn_of_the_loop(
    device: tuple[int, int, str],
) -> None:
    far, near, path = device
    with SerialPort(path) as port:
        os.write(far, b"frame")
        wait_for_bytes(near)
        await port.rest(0.001)
        with pytest.raises(StopIteration) as reading:
            port.read(timeout_s=None).send(None)
        assert reading.value.value == b"frame"
        assert await port.read(timeout_s=0) == b""


@in_a_loop
async def test_a_last_look_has_what_came_while_it_rested(device: tuple[int, int, str]) -> None:
    far, near, path = device
    with SerialPort(path) as port:
        os.write(far, b"frame")
        wait_for_bytes(near)
        assert port.left() == b"frame"
        assert port.left() == b""


@in_a_loop
async def test_the_last_bytes_come_before_the_end(device: tuple[int, int, str]) -> None:
    far, near, path = device
    with SerialPort(path) as port:
        os.write(far, b"last")
        wait_for_bytes(near)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        os.close(far)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert await port.read(timeout_s=None) == b"last"
        for _ in range(2):
            with pytest.raises(PortLostError):
                await port.read(timeout_s=None)


@in_a_loop
async def test_a_line_set_otherwise_forgets_what_came_before(device: tuple[int, int, str]) -> None:
    far, near, path = device
    with SerialPort(path) as port:
        os.write(far, b"at the speed of before")
        wait_for_bytes(near)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        port.set_line(baud=9_600, parity="N")
        assert await port.read(timeout_s=0) == b""
        os.write(far, b"now")
        assert await port.read(timeout_s=None) == b"now"


def wait_for_bytes(near: int) -> None:
    """Return once the kernel has carried to the near end what was written: it takes its time, and drops it
    when the far end is closed before."""
    assert select.select([near], [], [], LIMIT_S)[0]


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
