"""`./run demo` as a person starts it, without a terminal: what it prints, and the operator it lets in."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.browser import chromium_page
from tests.village.eyes import wait_until
from tests.village.process import ROOT
from tests.village.village import OPERATOR

LIVE: Final = "() => [...document.querySelectorAll('hd-sweep')].some((strip) => strip.state === 'live')"
START_LIMIT_S: Final = 120.0


@contextmanager
def demo(log: Path, *arguments: str, keys: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """Run it, its words in `log`; end it as Ctrl-C does. `keys`: the terminal for them, or none."""
    environment = {**os.environ, "TMPDIR": str(log.parent)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [ROOT / "run", "demo", *arguments],
            stdin=keys,
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
    wait_until(lambda: re.search(pattern, log.read_text()) is not None, limit_s=START_LIMIT_S, what=pattern)
    found = re.search(pattern, log.read_text())
    assert found is not None
    return found[1]


@contextmanager
def station_page(log: Path) -> Iterator[Page]:
    """Log in as the demo says and open the first station; give the page when its ECG is live."""
    url = said(log, r"open +(https?://\S+)")
    password = said(log, rf"log in +{OPERATOR} +with +(\S+)")
    with chromium_page(url) as page:
        page.fill("input[name=name]", OPERATOR)
        page.fill("input[type=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Trạm y tế Mường Nhé")
        page.goto(f"{url}stations/con-dao-01")
        wait_until(lambda: bool(page.evaluate(LIVE)), what="a live ECG")
        yield page
