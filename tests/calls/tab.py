"""A tab of a real Chromium on duty, whose process can be killed and which is opened again."""

import contextlib
import os
import signal
import time
from types import TracebackType
from typing import Final, Self

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import STEP_LIMIT_MS, observe_until
from tests.village.village import Village

CRASH_LIMIT_S: Final = 10.0


class Tab:
    """One tab of `name`, with a session and a microphone of its own; `script` runs first in each page. Use as
    a context.
    """

    def __init__(
        self, browser: Browser, village: Village, name: str, password: str, *, script: str = ""
    ) -> None:
        self.name, self._browser, self._village, self._password = name, browser, village, password
        self._script = script
        self._context: BrowserContext | None = None
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page of now."""
        assert self._page is not None
        return self._page

    @property
    def cookie(self) -> str:
        """Its session's."""
        assert self._context is not None
        (cookie,) = [one for one in self._context.cookies() if one.get("name") == "haidang"]
        return f"haidang={cookie.get('value')}"

    def __enter__(self) -> Self:
        self._context = self._browser.new_context(locale="vi-VN")
        self._context.set_default_timeout(STEP_LIMIT_MS)
        self._context.grant_permissions(["microphone", "camera"])
        self._context.add_init_script(self._script)
        page = self._context.new_page()
        page.goto(self._village.url)
        page.fill("input[name=name]", self.name)
        page.fill("input[type=password]", self._password)
        page.keyboard.press("Enter")
        page.wait_for_selector("#as-of")
        self._page = page
        self._be_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._context is not None
        self._context.close()

    def open_again(self) -> None:
        """Open the list of calls: in a new page where the one before was killed."""
        assert self._context is not None
        if self._page is None:
            self._page = self._context.new_page()
        self._page.goto(f"{self._village.url}calls")
        self._be_ready()

    def kill(self) -> None:
        """Kill the processes of all pages, as the machine does that has no memory left."""
        page, crashed = self.page, list[Page]()
        page.on("crash", lambda one: crashed.append(one))  # noqa: PLW0108 - it marks the function
        session = self._browser.new_browser_cdp_session()
        try:
            processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        finally:
            session.detach()
        for process in processes:
            if process["type"] == "renderer":
                with contextlib.suppress(ProcessLookupError):  # a spare one that ended by itself
                    os.kill(int(process["id"]), signal.SIGKILL)
        deadline_s = time.monotonic() + CRASH_LIMIT_S
        while not crashed:
            assert time.monotonic() < deadline_s, "the tab outlived its process"
            with contextlib.suppress(Exception):  # waiting in a page that is dead is what we wait for
                page.wait_for_timeout(20)
        with contextlib.suppress(Exception):
            page.close()
        self._page = None

    def _be_ready(self) -> None:
        self.page.keyboard.press("Shift")  # a gesture: it may sound from now on
        observe_until(self.page, "document.body.console.duty.isOn")
