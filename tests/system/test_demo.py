"""`./run demo`, as a person starts it the second time: what it shows, what it leaves."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.browser import chromium_page
from tests.village.eyes import wait_until as wait_for
from tests.village.process import ROOT
from tests.village.village import OPERATOR

LIVE: Final = "() => [...document.querySelectorAll('hd-sweep')].some((strip) => strip.state === 'live')"
LIVE_WITHIN_S: Final = 20.0
START_LIMIT_S: Final = 90.0


@contextmanager
def demo(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run it without a terminal, its words in `log`; end it as Ctrl-C does."""
    environment = {**os.environ, "TMPDIR": str(log.parent)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [ROOT / "run", "demo", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def said(log: Path, pattern: str) -> str:
    """Return what the demo printed there; waits for it."""
    wait_for(lambda: re.search(pattern, log.read_text()) is not None, limit_s=START_LIMIT_S, what=pattern)
    found = re.search(pattern, log.read_text())
    assert found is not None
    return found[1]


def running_in(folder: Path) -> list[str]:
    """The command lines of processes that name this folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended while we looked
    return [line for line in lines if str(folder) in line]


@pytest.mark.timeout(240)
def test_the_demo_shows_a_live_ecg_takes_another_port_and_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        began_s = time.monotonic()
        with demo(log, "--port", str(port)):
            url = said(log, r"open +(http://\S+)")
            password = said(log, rf"log in +{OPERATOR} +with +(\S+)")
            assert f":{port}/" not in url, "the demo took a port that is in use"
            assert f"port {port} is in use" in log.read_text()
            with chromium_page(url) as page:
                page.fill("input[name=name]", OPERATOR)
                page.fill("input[type=password]", password)
                page.keyboard.press("Enter")
                page.wait_for_selector("text=Trạm y tế Mường Nhé")
                page.goto(f"{url}stations/con-dao-01")
                wait_for(lambda: bool(page.evaluate(LIVE)), limit_s=60, what="a live ECG")
                live_after_s = time.monotonic() - began_s
            assert running_in(tmp_path), "this test cannot see the demo's processes"
    assert live_after_s < LIVE_WITHIN_S
    assert not running_in(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [log.name], "the demo left files behind"


@pytest.mark.timeout(240)
def test_a_demo_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    with demo(log) as process:
        said(log, r"open +(http://\S+)")
        wait_for(lambda: len(running_in(tmp_path)) >= 5, limit_s=30, what="broker, hub and three boxes")
        os.killpg(process.pid, signal.SIGKILL)
        wait_for(lambda: not running_in(tmp_path), limit_s=30, what="all of them are gone")
