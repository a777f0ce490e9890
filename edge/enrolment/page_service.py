"""The screen's page while the box is not enrolled: a number to read out, or what is the matter.

It stands where the panel will be (http://127.0.0.1:8080/). Its script stays until something else is there:
the kiosk's browser goes from one to the other by itself. It takes nothing but GET and says the same to
whoever asks; it may fail without harm.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

from edge.enrolment.told import Doing, Told

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
SCRIPT: Final = Path(__file__).with_name("page.js")
WORDS: Final = {  # Vietnamese first, English below it: nobody has chosen a language yet
    Doing.LOOKING: ("Hộp đang tìm trung tâm …", "Looking for the hub …"),
    Doing.NO_FILE: (
        "Hộp chưa biết trung tâm nào. Hãy chép tệp haidang.txt vào thẻ nhớ, hoặc đưa mã QR ra trước máy ảnh.",
        "This box does not know its hub. Copy haidang.txt onto its card, or show the QR code to its camera.",
    ),
    Doing.BAD_FILE: ("Tệp haidang.txt không dùng được.", "haidang.txt cannot be used."),
    Doing.AWAY: (
        "Hộp chưa gọi được trung tâm. Hãy xem lại dây mạng; hộp tự thử lại.",
        "The hub cannot be reached. Check the network cable; the box tries again by itself.",
    ),
    Doing.NUMBER: (
        "Hãy gọi điện cho trung tâm và đọc số này:",
        "Telephone the hub and read out this number:",
    ),
    Doing.REVOKED: (
        "Hộp này đã bị trung tâm thu hồi. Hãy gọi điện cho trung tâm.",
        "The hub has revoked this box. Telephone the hub.",
    ),
    Doing.DONE: ("Xong. Hộp đang khởi động …", "Done. The box is starting …"),
}
POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'"
_STYLE: Final = (
    "body{font:5vmin sans-serif;margin:8vmin;background:#fff;color:#111}"
    "strong{display:block;font-size:20vmin;letter-spacing:.04em;margin:6vmin 0}"
    "p[lang=en],small{color:#444;font-size:3.4vmin}"
)
_PAGE: Final = """<!DOCTYPE html>
<html lang="vi" data-told="{mark}"><head><meta charset="utf-8">
<title>Hải đăng</title><style>{style}</style><script src="/page.js" defer></script></head>
<body><p>{vi}</p><strong>{number}</strong><p lang="en">{en}</p><small translate="no">{text}</small></body>
</html>
"""


class EnrolmentPage:
    """What is told is shown; any thread may tell."""

    def __init__(self) -> None:
        self._told = Told(Doing.LOOKING)

    def tell(self, told: Told) -> None:
        """Show this from now on."""
        self._told = told

    def html(self) -> bytes:
        """Return the page of now."""
        told = self._told
        vi, en = WORDS[told.doing]
        page = _PAGE.format(
            mark=_mark(told),
            style=_STYLE,
            vi=vi,
            en=en,
            number=escape(told.number),
            text=escape(told.text[:400]),
        )
        return page.encode()

    def answer(self, path: str) -> tuple[str, bytes]:
        """Return the type and the content of what stands at `path`."""
        if path == "/page.js":
            return "text/javascript; charset=utf-8", SCRIPT.read_bytes()
        if path == "/told":
            return "text/plain", _mark(self._told).encode()
        return "text/html; charset=utf-8", self.html()

    @contextmanager
    def serve(self, port: int) -> Iterator[None]:
        """Serve on loopback meanwhile; a port that is taken is logged, and nothing is shown."""
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = page.answer(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # the library's name
                log.debug(format, *args)

        try:
            server = ThreadingHTTPServer((ADDRESS, port), Handler)
        except OSError as error:
            log.warning("no page at %s:%d (%s)", ADDRESS, port, error.strerror)
            yield
            return
        thread = Thread(target=server.serve_forever, name="enrolment page", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _mark(told: Told) -> str:
    """Return by what the page's script knows whether another word is told now."""
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
