"""Questions to the hub over HTTPS, before there is a broker (shell over http.client and ssl).

The hub is known by its authority's certificate, and that by its fingerprint; no clock of the box is asked,
for it may stand in 1970 or years ahead. Source: docs/enrolment.md, section 4.
"""

import http.client
import socket
import ssl
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from contract.enrolment import BODY_MAX_BYTES, PATH, Fault, parse_said
from contract.errors import RefusedError
from contract.front import ALPN_WEB, FRONT_PORT
from edge.enrolment.box_key import fingerprint_of
from edge.errors import EnrolmentError
from edge.hub_tls import hub_context
from edge.hub_way import HubWay

TIMEOUT_S: Final = 30.0  # for one read: a satellite, and a modem that wakes up
OPEN_LIMIT_S: Final = 15.0  # for a port to open
T = TypeVar("T", bound=BaseModel)


class DeskFaultError(EnrolmentError):
    """The hub answered, and said no. `code` is one of contract.enrolment.FAULTS, or "unknown"."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the hub says: {fault.error} ({fault.code})")
        self.code = fault.code


class _NotThereError(EnrolmentError):
    """Nobody can be asked at this port now."""


class _HubConnection(http.client.HTTPSConnection):
    """Which address the hub's name stands for is our matter; TLS checks the name."""

    def __init__(self, way: HubWay, port: int, *, timeout_s: float, context: ssl.SSLContext) -> None:
        super().__init__(way.host, port, timeout=timeout_s, context=context)
        self._way, self._tls = way, context

    def connect(self) -> None:
        sock = self._way.connect(self.port, timeout_s=self.timeout)
        address = str(sock.getpeername()[0])
        try:
            self.sock: socket.socket = self._tls.wrap_socket(sock, server_hostname=self.host)
        except ssl.SSLCertVerificationError:
            self._way.doubt(address)
            raise
        if self._tls.verify_mode == ssl.CERT_REQUIRED:
            self._way.keep(address)


class HubDesk:
    """The hub at `host`, whose authority's certificate is `ca_pem`. Where `port` does not open it is asked at
    its port for everything. `kept`: the file with its last good address.
    """

    def __init__(self, host: str, port: int, ca_pem: bytes, *, kept: Path) -> None:
        self.host, self.port, self.ca_pem = host, port, ca_pem
        self._way = HubWay(host, kept)
        self._ports = tuple(dict.fromkeys((port, FRONT_PORT)))  # first the one that opened last

    @classmethod
    def known_by(cls, pin: str, *, host: str, port: int, kept: Path) -> "HubDesk":
        """Ask whoever is there for the authority's certificate, and keep it when it has that fingerprint.

        Nothing secret is said on that connection, and nothing heard on it counts without the fingerprint.
        Raises EnrolmentError.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        desk = cls(host, port, b"", kept=kept)
        _, ca_pem = desk._exchange(context, "GET", f"{PATH}/ca", b"")
        if fingerprint_of(ca_pem) != pin:
            raise EnrolmentError(
                f"{host}:{desk._ports[0]} is not our hub: its certificate is not the one of pin= in"
                " haidang.txt"
            )
        desk.ca_pem = ca_pem
        return desk

    def ask(self, question: BaseModel, answers: dict[int, type[T]], *, path: str) -> T:
        """Return the answer to a question; `answers`: what it is, by the status. Raises EnrolmentError."""
        try:
            context = hub_context(self.ca_pem)
        except (ValueError, ssl.SSLError) as error:
            raise EnrolmentError(f"the hub's certificate on this box is damaged ({error})") from error
        body = question.model_dump_json().encode()
        status, data = self._exchange(context, "POST", PATH + path, body)
        try:
            if status in answers:
                return parse_said(answers[status], data)
            raise DeskFaultError(parse_said(Fault, data))
        except RefusedError as error:
            text = f"{self.host}:{self._ports[0]} answers {status} with what we do not understand ({error})"
            raise EnrolmentError(text) from error

    def _exchange(self, context: ssl.SSLContext, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        faults = []
        for port in self._ports:
            try:
                done = _exchange(self._way, port, context, method, path, body)
            except _NotThereError as error:
                faults.append(error)
                continue
            self._ports = tuple(dict.fromkeys((port, *self._ports)))
            return done
        raise faults[0]


def _exchange(
    way: HubWay, port: int, context: ssl.SSLContext, method: str, path: str, body: bytes
) -> tuple[int, bytes]:
    where = f"{way.host}:{port}"
    context.set_alpn_protocols([ALPN_WEB])  # the hub's one port asks who is wanted
    connection = _HubConnection(way, port, timeout_s=OPEN_LIMIT_S, context=context)
    try:
        _open(connection, where)
        connection.request(method, path, body or None, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        data = answer.read(BODY_MAX_BYTES + 1)
    except ssl.SSLCertVerificationError as error:
        raise EnrolmentError(f"{where} is not our hub ({error.verify_message}); check hub=") from error
    except (OSError, http.client.HTTPException) as error:
        raise EnrolmentError(f"{where} cannot be asked now: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()
    if len(data) > BODY_MAX_BYTES:
        raise EnrolmentError(f"{where} answers more than {BODY_MAX_BYTES} bytes: it is no hub of ours")
    return answer.status, data


def _open(connection: http.client.HTTPSConnection, where: str) -> None:
    """Connect, with its handshake. Raises _NotThereError, ssl.SSLCertVerificationError: somebody else did."""
    try:
        connection.connect()
    except ssl.SSLCertVerificationError:
        raise
    except OSError as error:
        raise _NotThereError(f"{where} cannot be asked now: {str(error) or type(error).__name__}") from error
    connection.sock.settimeout(TIMEOUT_S)
