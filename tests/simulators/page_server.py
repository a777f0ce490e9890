"""A hub of one page: web/ and the test pages under the console's strict policy, and the live socket."""

import json
import threading
import time
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from hub.console.live_frames import SampleFrame, encode_samples

ROOT: Final = Path(__file__).parent.parent.parent
FOLDERS: Final = {"web": ROOT / "web", "pages": ROOT / "tests" / "integration" / "pages"}
TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
POLICY: Final = "default-src 'self'; img-src 'self' data:"  # data: for the empty icon of the test page
CONNECT_LIMIT_S: Final = 30.0


class PageServer:
    """Serve on a free loopback port; the newest page that connected is the one that is fed."""

    def __init__(self) -> None:
        self._connected = threading.Event()
        self._page: ServerConnection | None = None
        self._server = serve(self._on_page, "127.0.0.1", 0, process_request=_answer, compression=None)
        self._thread = threading.Thread(target=self._server.serve_forever, name="page server")
        port = self._server.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/pages/station.html"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()

    def send(self, message: bytes | dict[str, Any]) -> None:
        """Send one binary message, or one JSON message with `now_ms` added."""
        if not self._connected.wait(CONNECT_LIMIT_S) or self._page is None:
            raise TimeoutError(f"no page connected to {self.url} within {CONNECT_LIMIT_S} s")
        data = message if isinstance(message, bytes) else json.dumps({"now_ms": now_ms(), **message})
        self._page.send(data)

    def send_samples(self, frame: SampleFrame) -> None:
        """Send one frame of samples."""
        self.send(encode_samples(frame))

    def drop(self) -> None:
        """Close the page's socket; the page comes back by itself, and `send` waits for it."""
        self._connected.clear()
        if self._page is not None:
            self._page.close()

    def _on_page(self, connection: ServerConnection) -> None:
        self._page = connection
        self._connected.set()
        for _ in connection:
            pass  # a page only listens


def now_ms() -> float:
    """The hub's clock, UTC ms."""
    return time.time() * 1000


def _answer(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/live":
        return None  # the WebSocket handshake goes on
    folder, _, name = request.path.lstrip("/").partition("/")
    path = FOLDERS.get(folder, ROOT / "nowhere") / name
    if "/" in name or not path.is_file():
        return connection.respond(HTTPStatus.NOT_FOUND, f"no {request.path}\n")
    body = path.read_bytes()
    headers = Headers(
        {
            "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(HTTPStatus.OK, "OK", headers, body)
