"""The box takes its hub by the authority, in whatever year the box believes to be.

A certificate that is not valid yet, or no more, looks to the box as a good one does when its clock is wrong.
"""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.enrolment import Nonce, Renewal
from edge.enrolment.hub_desk import HubDesk
from edge.errors import EnrolmentError
from edge.hub_tls import hub_context, relay_context
from hub.pki.authority import Authority

NOW = datetime.now(UTC)
YEARS = timedelta(days=365)


class Desk(http.server.BaseHTTPRequestHandler):
    """Says a nonce to every question, and the authority's certificate."""

    ca = b""

    def do_GET(self) -> None:
        self._say(200, self.ca)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(202, b'{"nonce":"n"}')

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(authority: Authority, folder: Path, valid: tuple[datetime, datetime], host: str) -> Iterator[int]:
    pair = authority._make_pair("server", "server", folder, valid, hosts=(host,), now=NOW - 200 * YEARS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    handler = type("OurDesk", (Desk,), {"ca": authority.ca.read_bytes()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path / "pki")
    authority.make(names=(), now=NOW)
    return authority


@pytest.mark.parametrize(
    "valid",
    [
        pytest.param((NOW + 50 * YEARS, NOW + 51 * YEARS), id="the box's clock stands in the far past"),
        pytest.param((NOW - 3 * YEARS, NOW - 2 * YEARS), id="the box's clock is two years ahead"),
        pytest.param((NOW - YEARS, NOW + YEARS), id="the box's clock is right"),
    ],
)
def test_no_clock_locks_the_box_out(
    authority: Authority, tmp_path: Path, valid: tuple[datetime, datetime]
) -> None:
    with serving(authority, tmp_path, valid, "127.0.0.1") as port:
        desk = HubDesk.known_by(authority.fingerprint(), host="127.0.0.1", port=port, kept=tmp_path / "kept")
        assert desk.ask(Renewal(box="a.1"), {202: Nonce}, path="/renew").nonce == "n"


def test_another_authority_and_another_host_are_still_refused(authority: Authority, tmp_path: Path) -> None:
    valid = (NOW - YEARS, NOW + YEARS)
    with serving(authority, tmp_path, valid, "hub.example.vn") as port:
        desk = HubDesk.known_by(authority.fingerprint(), host="127.0.0.1", port=port, kept=tmp_path / "kept")
        with pytest.raises(EnrolmentError, match=r"is not our hub .*IP address mismatch"):
            desk.ask(Renewal(box="a.1"), {202: Nonce}, path="/renew")
    other = Authority(tmp_path / "other")
    other.make(names=(), now=NOW)
    (tmp_path / "server.crt").unlink()
    with serving(other, tmp_path, valid, "127.0.0.1") as port:
        with pytest.raises(EnrolmentError, match=r"is not our hub: .* pin="):
            HubDesk.known_by(authority.fingerprint(), host="127.0.0.1", port=port, kept=tmp_path / "kept")
        with pytest.raises(EnrolmentError, match="is not our hub"):
            HubDesk("127.0.0.1", port, authority.ca.read_bytes(), kept=tmp_path / "kept").ask(
                Renewal(box="a.1"), {202: Nonce}, path="/renew"
            )


@pytest.mark.parametrize("ca_pem", [b"", b"\n", b"noise", b"\xff"])
def test_a_damaged_authority_never_means_any_authority(ca_pem: bytes) -> None:
    for context in (hub_context, relay_context):
        with pytest.raises((ValueError, ssl.SSLError)):
            context(ca_pem)


def test_what_a_machine_trusts_is_read_once_for_all_legs_of_a_call(
    authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    other.make(names=(), now=NOW)
    ours = relay_context(authority.ca.read_bytes())
    assert relay_context(authority.ca.read_bytes()) is ours
    assert relay_context(other.ca.read_bytes()) is not ours, "another authority's file"
