"""`./run demo`, as a person starts it: what it shows, what it leaves."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.village.desk import RINGING, strip_state
from tests.village.eyes import wait_until
from tests.village.run_demo import demo, said, station_page

LIVE_LIMIT_S: Final = 20.0  # from the second `./run demo` to a live ECG
TRIES: Final = 3  # of what has to be quick: a loaded machine spoils some


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: its person's end and its program's end."""
    person, program = os.openpty()
    try:
        yield person, program
    finally:
        os.close(person)
        os.close(program)


def running_in(folder: Path) -> list[str]:
    """The command lines of processes that name this folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended while we looked
    return [line for line in lines if str(folder) in line]


@pytest.mark.timeout(400)
def test_the_demo_shows_a_live_ecg_takes_another_port_and_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        for _ in range(TRIES):
            began_s = time.monotonic()
            with demo(log, "--port", str(port)), station_page(log) as page:
                took_s = time.monotonic() - began_s
                assert "Đặc khu Côn Đảo" in page.inner_text("main"), "the station has no place in the country"
                assert f":{port}/" not in page.url, "the demo took a port that is in use"
                assert f"port {port} is in use" in log.read_text()
                assert running_in(tmp_path), "this test cannot see the demo's processes"
            if took_s < LIVE_LIMIT_S:
                break
    assert took_s < LIVE_LIMIT_S
    assert not running_in(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [log.name], "the demo left files behind"


@pytest.mark.timeout(400)
def test_the_keys_of_the_demo_press_pull_unplug_measure_cut_and_bring_the_next_patient(
    tmp_path: Path,
) -> None:
    log = tmp_path / "demo.log"
    with terminal() as (person, program), demo(log, keys=program), station_page(log) as page:

        def state_after(key: bytes, state: str) -> None:
            os.write(person, key)
            wait_until(lambda: strip_state(page) == state, what=f"{state} after key {key!r}")

        os.write(person, b"2p1")  # the button of the second station; the other keys are for the first
        page.wait_for_selector(RINGING)
        assert "Trạm y tế Cô Tô" in page.inner_text(RINGING)
        for key in (b"c", b"b", b"k"):  # cable, board, power
            state_after(key, "stale")
            state_after(key, "live")
        os.write(person, b"m")
        page.wait_for_selector("#measurements >> text=mmHg")
        os.write(person, b"o")
        page.wait_for_selector("section.device[data-device='oximeter'] >> text=đã rút")
        os.write(person, b"o")
        page.wait_for_selector("section.device[data-device='oximeter'][data-word='connected']")
        nobody, first = "không có lượt khám", page.inner_text("#visit")
        assert first != nobody
        os.write(person, b"n")
        wait_until(lambda: page.inner_text("#visit") not in (first, nobody), what="the next patient's visit")
        wait_until(lambda: strip_state(page) == "live", what="the next patient's ECG")
    assert not running_in(tmp_path)


@pytest.mark.timeout(400)
def test_a_demo_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with demo(log) as process:
        said(log, r"open +(http://\S+)")
        wait_until(lambda: len(running_in(tmp_path)) >= 5, what="broker, hub and three boxes")
        os.killpg(process.pid, signal.SIGKILL)
        wait_until(lambda: not running_in(tmp_path), what="all of them are gone")
