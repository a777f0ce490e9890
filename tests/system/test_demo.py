"""`./run demo`, as a person starts it: what it shows, what it leaves."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.village.eyes import wait_until
from tests.village.run_demo import demo, said, station_page


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
        with demo(log, "--port", str(port)), station_page(log) as page:
            assert f":{port}/" not in page.url, "the demo took a port that is in use"
            assert f"port {port} is in use" in log.read_text()
            assert running_in(tmp_path), "this test cannot see the demo's processes"
    assert not running_in(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [log.name], "the demo left files behind"


@pytest.mark.timeout(400)
def test_a_demo_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with demo(log) as process:
        said(log, r"open +(http://\S+)")
        wait_until(lambda: len(running_in(tmp_path)) >= 5, what="broker, hub and three boxes")
        os.killpg(process.pid, signal.SIGKILL)
        wait_until(lambda: not running_in(tmp_path), what="all of them are gone")
