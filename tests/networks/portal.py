"""A captive portal, in a process: plain HTTP is led to its login page, TLS gets its own certificate.

python -m tests.networks.portal ADDRESS CERTIFICATE KEY
"""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN = "http://login.hotel.test/welcome?from=you"


class Portal(BaseHTTPRequestHandler):
    """Leads everybody to LOGIN."""

    def do_GET(self) -> None:
        """Whatever is asked."""
        self.send_response(302)
        self.send_header("Location", LOGIN)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main(address: str, certificate: str, key: str) -> None:
    """Serve at 80, 443 and 8883 until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for port in (443, 8883):
        server = ThreadingHTTPServer((address, port), Portal)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = ThreadingHTTPServer((address, 80), Portal)
    sys.stdout.write("the portal stands\n")
    sys.stdout.flush()
    plain.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
