"""The screen's page while the box is not enrolled: a number to read out, or what is the matter.

It stands where the panel will be (http://127.0.0.1:8080/), so that the kiosk's browser finds one or the
other. It takes nothing but GET and says the same to whoever asks; it may fail without harm.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from edge.enrolment.told import Doing, Told

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
RELOAD_S: Final = 3
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
_STYLE: Final = (
    "body{font:5vmin sans-serif;margin:8vmin;background:#fff;color:#111}"
    "strong{display:block;font-size:20vmin;letter-spacing:.04em;margin:6vmin 0}"
    "p[lang=en],small{color:#444;font-size:3.4vmin}"
)
_PAGE: Final = """<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{reload}">
<title>Hải đăng</title><style>{style}</style></head>
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
        text = escape(told.text[:400])
        page = _PAGE.format(
            reload=RELOAD_S, style=_STYLE, vi=vi, en=en, number=escape(told.number), text=text
        )
        return page.encode()

    @contextmanager
    def serve(self, port: int) -> Iterator[None]:
        """Serve on loopback meanwhile; a port that is taken is logged, and nothing is shown."""
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = page.html()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
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
