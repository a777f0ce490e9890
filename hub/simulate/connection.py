"""One TLS connection of a simulated station, without waiting (shell over pyOpenSSL and sockets).

One context for all, the certificate set on each connection: a context a station costs twice the time and
memory, asyncio's TLS ten times the memory (docs/adr/0048-the-simulated-fleet.md).
"""

import errno
import os
import resource
import socket
import struct
from pathlib import Path
from typing import Final

from OpenSSL import SSL

from hub.pki.authority import Credential

FILES_BESIDE: Final = 256  # that are no connections
READ_BYTES: Final = 16_384
_RELEASE_BUFFERS: Final = 0x10  # SSL_MODE_RELEASE_BUFFERS: an idle connection keeps 34 kB less
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: no TIME_WAIT, which would use up the ports


class LineLostError(Exception):
    """The connection is over, or never came to be. The text says why."""


def allow_files(count: int) -> None:
    """Let this process have so many files open, as far as the machine allows. Raises OSError beyond that."""
    wanted = count + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        text = f"{wanted} open files are needed and {hard} allowed: ulimit -Hn {wanted}, or fewer stations"
        raise OSError(errno.EMFILE, text)
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def make_context(ca: Path) -> SSL.Context:
    """Return the context of all connections: TLS 1.3, the broker held to this installation's authority."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.load_verify_locations(str(ca))
    context.set_verify(SSL.VERIFY_PEER)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(_RELEASE_BUFFERS)
    return context


class Line:
    """A connection from its first SYN on. Ask `advance` at each event until it is True, then read, write."""

    def __init__(self, context: SSL.Context, address: tuple[str, int], credential: Credential) -> None:
        """Begin to connect. Raises LineLostError."""
        self.wants_write = True
        self._waiting = bytearray()
        self._is_open = False
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found = self._socket.connect_ex(address)
        if found not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise LineLostError(os.strerror(found))
        self._tls = SSL.Connection(context, self._socket)
        certificate, key = credential.opened()
        self._tls.use_certificate(certificate)
        self._tls.use_privatekey(key)
        self._tls.set_connect_state()

    def fileno(self) -> int:
        """Return the socket's number."""
        return self._socket.fileno()

    def advance(self) -> bool:
        """Go on with the handshake; return whether it is done. Raises LineLostError."""
        if not self._is_open:
            failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise LineLostError(os.strerror(failed))
            try:
                self._tls.do_handshake()
                self._is_open, self.wants_write = True, False
            except SSL.WantReadError:
                self.wants_write = False
            except SSL.WantWriteError:
                self.wants_write = True
            except (SSL.Error, OSError) as error:
                raise LineLostError(_words(error)) from error
        return self._is_open

    def send(self, data: bytes) -> None:
        """Write; what does not go out now goes with `flush`, when `wants_write`. Raises LineLostError."""
        if self._waiting:
            self._waiting += data
        else:
            self._waiting += data[self._write(data) :]
        self.wants_write = bool(self._waiting)

    def flush(self) -> None:
        """Write what waits. Raises LineLostError."""
        while self._waiting and (written := self._write(bytes(self._waiting))):
            del self._waiting[:written]
        self.wants_write = bool(self._waiting)

    def receive(self) -> bytes:
        """Return what is there; b"" for nothing yet. Raises LineLostError."""
        try:
            data = self._tls.recv(READ_BYTES)
            while self._tls.pending():
                data += self._tls.recv(READ_BYTES)
        except SSL.WantReadError:
            return b""
        except (SSL.Error, OSError) as error:
            raise LineLostError(_words(error)) from error
        return data

    def cut(self) -> None:
        """End it at once and without a word, as a dead link does: the broker publishes the Will."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._socket.close()

    def _write(self, data: bytes) -> int:
        try:
            return self._tls.send(data)
        except (SSL.WantWriteError, SSL.WantReadError):
            return 0
        except (SSL.Error, OSError) as error:
            raise LineLostError(_words(error)) from error


def _words(error: Exception) -> str:
    return "the broker is gone" if isinstance(error, SSL.SysCallError) else str(error) or type(error).__name__
