"""Debian's Chromium for tests: one page, bounded in time, that fails on any error it reports."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, expect, sync_playwright

SCREENSHOTS: Final = Path(__file__).parent.parent / "build" / "screenshots"
ARGUMENTS: Final = [
    "--no-sandbox",  # root has no sandbox; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A microphone that beeps, a camera with a moving pattern. When a page may sound stays as in every browser.
FAKE_DEVICES: Final = ["--use-fake-device-for-media-stream"]
NO_DEVICES: Final = ["--disable-audio-input"]  # whatever the machine has
LAUNCH_LIMIT_MS: Final = 60_000
STEP_LIMIT_MS: Final = 30_000  # one wait, one click, one load; long: a loaded machine is no failure
POLL_MS: Final = 40
expect.set_options(timeout=STEP_LIMIT_MS)


def chromium_path() -> str:
    """Return the browser to use: `$CHROMIUM`, or chromium or Chrome of PATH.

    Raises:
        RuntimeError: there is none; the message names the cure.
    """
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name) if name else None
        if path:
            return path
    raise RuntimeError("no Chromium on PATH: apt-get install chromium, or set CHROMIUM to its path")


_drivers: list[Playwright] = []  # at most one: Playwright's synchronous side allows one a thread
_running: dict[tuple[bool, str], Browser] = {}  # by whether it has devices, and whom it trusts


@contextmanager
def _driver() -> Iterator[Playwright]:
    if _drivers:
        yield _drivers[0]
        return
    with sync_playwright() as playwright:
        _drivers.append(playwright)
        try:
            yield playwright
        finally:
            _drivers.clear()


@contextmanager
def chromium(*, has_microphone: bool = True, trusted_key: str = "") -> Iterator[Browser]:
    """Run a browser with fake microphone and camera, or without any; inside another `chromium()` or
    `chromium_page()`, the one that runs already.

    Hold it open over many tests (a module's fixture) to start it once. `trusted_key`: of a server that is to
    be trusted whatever authority it has, base64 of its SHA-256; a page's own exceptions do not reach relays.
    """
    kind = (has_microphone, trusted_key)
    if kind in _running:
        yield _running[kind]
        return
    arguments = ARGUMENTS + (FAKE_DEVICES if has_microphone else NO_DEVICES)
    if trusted_key:
        arguments = [*arguments, f"--ignore-certificate-errors-spki-list={trusted_key}"]
    with _driver() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=arguments, timeout=LAUNCH_LIMIT_MS
        )
        _running[kind] = browser
        try:
            yield browser
        finally:
            del _running[kind]
            browser.close()


@contextmanager
def chromium_page(
    url: str | None = None,
    *,
    scheme: Literal["light", "dark"] = "light",
    size: tuple[int, int] = (1366, 768),
    scale: float = 1.0,
    allow: str | None = None,
    ignore_certificate: bool = False,
    microphone: Literal["granted", "refused", "missing"] = "granted",
    has_scripts: bool = True,
) -> Iterator[Page]:
    """Open a page at `url` with cookies of its own; close it at the end. May be nested: two people.

    `size` is in CSS pixels, `scale` the device pixel ratio. Every wait ends after
    `STEP_LIMIT_MS`. `allow` is a regular expression of errors that the test provokes. `microphone` "missing"
    takes a second browser, without devices; "refused" is what a person said to the browser. `has_scripts`
    False: they are blocked.

    Raises:
        AssertionError: at the end, when the page threw or its console showed an error
            (a breach of the content security policy is one) not allowed.
    """
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    with chromium(has_microphone=microphone != "missing") as browser:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            color_scheme=scheme,
            locale="vi-VN",
            ignore_https_errors=ignore_certificate,
            java_script_enabled=has_scripts,
        )
        try:
            context.set_default_timeout(STEP_LIMIT_MS)
            context.grant_permissions([] if microphone == "refused" else ["microphone", "camera"])
            page = context.new_page()
            page.on("console", on_console)
            page.on("pageerror", lambda error: errors.append(f"page: {error}"))
            if url is not None:
                page.goto(url)
            yield page
        finally:
            context.close()
    unexpected = [error for error in errors if allow is None or not re.search(allow, error)]
    assert not unexpected, "\n".join(unexpected)


def wait_until(page: Page, expression: str, arg: object = None, *, limit_ms: float = STEP_LIMIT_MS) -> None:
    """Return once a JavaScript expression (or function of `arg`) is true in the page.

    Use this and not Playwright's `wait_for_function`, which needs `eval` in the page and is
    refused by the content security policy.

    Raises:
        TimeoutError: it was not true within `limit_ms`.
    """
    deadline_s = time.monotonic() + limit_ms / 1000
    while not page.evaluate(expression, arg):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not true within {limit_ms:.0f} ms: {expression} of {arg!r}")
        page.wait_for_timeout(POLL_MS)


def observe(page: Page, expression: str) -> Any:
    """Return what an expression (a promise is awaited) is in the page, and touch nothing.

    Playwright's own `evaluate`, locators and `wait_until` count as a gesture of the user: after them a page
    may sound that in truth is silent.
    """
    session = page.context.new_cdp_session(page)
    try:
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": False}
        answer = session.send("Runtime.evaluate", asked)
    finally:
        session.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def observe_until(page: Page, expression: str) -> None:
    """Return once an expression is true in the page, and touch nothing. Raises TimeoutError."""
    deadline_s = time.monotonic() + STEP_LIMIT_MS / 1000
    tried = f"(() => {{ try {{ return {expression} }} catch {{ return false }} }})()"  # no body yet, say
    while not _observed(page, tried):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not true within {STEP_LIMIT_MS} ms: {expression}")
        page.wait_for_timeout(POLL_MS)


def _observed(page: Page, expression: str) -> bool:
    """False also while the page goes to another address under the question."""
    try:
        return bool(observe(page, expression))
    except Error as error:
        if "navigated" not in str(error):
            raise
        return False


def screenshot(page: Page, name: str) -> Path:
    """Save what the page shows as `build/screenshots/NAME.png`."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path)
    return path
