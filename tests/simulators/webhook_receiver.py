"""The other end of a webhook: a real HTTP or HTTPS server that checks what it gets as a stranger would."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

TOO_OLD_S = 300


class WebhookReceiver:
    """Use as a context manager. `statuses`: answers to the next posts, else 204. `taken`: by message."""

    def __init__(self, secret: bytes, *, certificate: tuple[Path, Path] | None = None) -> None:
        self.secret = secret
        self.now_s: Callable[[], float] = time.time  # its wall clock
        self.statuses: list[int] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None  # instead of one
        self.posts: list[tuple[str, str]] = []  # message, path
        self.taken: dict[str, dict[str, Any]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.is_https = certificate is not None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="receiver")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.is_https else 'http'}://127.0.0.1:{self._server.server_port}/alarm?from=hub"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        message = request.headers["webhook-id"]
        self.posts.append((message, request.path))
        if self.answer is not None:
            self.answer(request)
            return
        status = self.statuses.pop(0) if self.statuses else 204
        if not self._is_genuine(request, body):
            status = 401
        elif status == 204:
            self.taken[message] = json.loads(body)
        request.send_response(status)
        request.send_header("location", self.url)  # that nobody is to follow
        request.end_headers()

    def _is_genuine(self, request: BaseHTTPRequestHandler, body: bytes) -> bool:
        said = request.headers["webhook-timestamp"]
        signed = b".".join((request.headers["webhook-id"].encode(), said.encode(), body))
        right = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        is_now = abs(self.now_s() - int(said)) < TOO_OLD_S
        return is_now and hmac.compare_digest(request.headers["webhook-signature"], f"v1,{right}")
