"""What a station tells a page of its call: `media` of docs/media.md, section 3."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, WebSocket


def on_media(page: Page, told: Callable[[dict[str, Any]], None]) -> None:
    """Give each message that this page is told from now on to `told`, whenever Playwright has its turn."""

    def take(payload: str | bytes) -> None:
        message = json.loads(payload) if isinstance(payload, str) else {}
        if message.get("type") == "media":
            told(message)

    def listen(socket: WebSocket) -> None:
        if socket.url.endswith("/media"):
            socket.on("framereceived", take)

    page.on("websocket", listen)
