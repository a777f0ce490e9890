"""The box's TLS to its hub (shell over ssl): one context for the life of the files, and the last session.

A session that is resumed saves both certificates, 2.3 kB of a handshake, which is a quarter of a second at
64 kbit/s. Changed files make a new context, and no session outlives its context. A broker that does not know
the session any more makes a full handshake of the same connection.
"""

import contextlib
import socket
import ssl
import struct
from typing import Any, Final, Protocol, cast

from contract.front import ALPN_MQTT
from edge.config import BoxConfig
from edge.hub_tls import hub_context
from edge.hub_way import KEPT_NAME, HubWay
from edge.uplink.tcp_state import TCP_INFO_BYTES, TcpState, parse_tcp_info

HANDSHAKE_TIMEOUT_S: Final = 10.0  # of each wait in it
NOTSENT_MAX_BYTES: Final = 4_096  # the kernel takes no more than it can send: a press is not behind it
CONGESTION_CONTROL: Final = b"cubic"  # bbr's own pace leaves 2 % of a link empty that our window would fill
SO_MAX_PACING_RATE: Final = 47  # include/uapi/asm-generic/socket.h
PACE_MAX: Final = 2**32 - 2  # the option is an unsigned int, and its greatest value is no limit
PACE_MIN: Final = 1_500  # bytes a second: a segment may take a second
FORGET_AT_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: what is unsent goes when the connection does


class Watcher(Protocol):
    """Who is told what paho keeps to itself. On paho's thread."""

    fault: Exception | None

    def adopt(self, sock: "HubSocket") -> None:
        """The socket is there, before its handshake."""

    def refuse_if_over(self) -> None:
        """Raise when nobody wants the connection any more."""


class HubSocket(ssl.SSLSocket):
    """Says that it is there, and what the broker said of our certificate: under TLS 1.3 that comes after the
    handshake.
    """

    watcher: Watcher

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(HANDSHAKE_TIMEOUT_S)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a press does not wait for company
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_MAX_BYTES)
        with contextlib.suppress(OSError):  # a kernel without it, or that lets only root choose
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONGESTION_CONTROL)
        # else the kernel might deliver a press when the link is back, with the age that it had minutes before
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, FORGET_AT_CLOSE)
        self.watcher.adopt(self)
        super().do_handshake(block)
        self.watcher.refuse_if_over()

    def tcp_state(self) -> TcpState:
        """What the kernel says of the connection now."""
        try:
            raw = self.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        except OSError:  # closed meanwhile
            return TcpState()
        return parse_tcp_info(raw)

    def pace(self, rate: float) -> None:
        """Let the kernel send no faster than so many bytes a second from now on; infinite: no limit."""
        bytes_s = int(min(PACE_MAX, max(PACE_MIN, rate)))
        with contextlib.suppress(OSError):  # closed meanwhile
            self.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, struct.pack("=I", bytes_s))

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.watcher.fault = error
            raise

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.watcher.fault = error
            with contextlib.suppress(OSError):
                self.recv(1)  # the broker's last word, if it said one, tells more
            raise


class HubTls:
    """Of one box, for all its connections, one after the other. `way`: where they go to."""

    def __init__(self, config: BoxConfig) -> None:
        self.way = HubWay(config.hub_host, config.data_dir / KEPT_NAME)
        self._config = config
        self._files: tuple[bytes, ...] = ()
        self._context: ssl.SSLContext | None = None
        self._session: ssl.SSLSession | None = None

    def wrapping(self, watcher: Watcher) -> "Wrapping":
        """Return what wraps the next connection's socket.

        Raises OSError or ValueError when a file is no good.
        """
        return Wrapping(self._current_context(), self._session, watcher)

    def _current_context(self) -> ssl.SSLContext:
        config = self._config
        files = tuple(path.read_bytes() for path in (config.ca, config.certificate, config.key))
        if self._context is None or files != self._files:
            context = hub_context(files[0])
            context.load_cert_chain(config.certificate, config.key)
            context.sslsocket_class = HubSocket
            context.set_alpn_protocols([ALPN_MQTT])  # the hub's one port asks who is wanted
            self._context, self._files, self._session = context, files, None
        return self._context

    def keep_session(self, sock: HubSocket) -> None:
        """The broker took us on this socket: offer its session to the next, and keep its address. Call it
        after something was read: the ticket comes after the handshake.
        """
        with contextlib.suppress(OSError):  # it is over already
            self.way.keep(str(sock.getpeername()[0]))
        if sock.context is self._context:
            self._session = sock.session

    def forget_session(self, address: str | None = None) -> None:
        """A handshake failed: the next one offers nothing of the past. `address`: where another than the hub
        answered.
        """
        self._session = None
        if address is not None:
            self.way.doubt(address)


class Wrapping:
    """What paho takes for its context: wraps one socket."""

    check_hostname = True  # as the context does: paho asks

    def __init__(self, context: ssl.SSLContext, session: ssl.SSLSession | None, watcher: Watcher) -> None:
        self._context, self._session, self._watcher = context, session, watcher

    def wrap_socket(self, sock: socket.socket, **options: Any) -> ssl.SSLSocket:
        """Return it wrapped, as `SSLContext.wrap_socket` does."""
        wrapped = self._context.wrap_socket(sock, session=self._session, **options)
        cast(HubSocket, wrapped).watcher = self._watcher  # the context's class of sockets
        return wrapped
