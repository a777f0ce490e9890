"""Ends a box's connection with the broker, and finds out whether the broker knows whom it lets in no more.

mosquitto keeps a connection whose certificate has been revoked. Two connections of one name push each other
out, so the hub comes for a moment under the name of the box, with a certificate of its own making; and it
shows a certificate that is on the list of revoked ones: while that is let in, the broker has not read the
list.
"""

import asyncio
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from contract.ids import BoxName
from hub.pki.authority import Authority, Visitor

LIMIT_S: Final = 5.0  # the broker is on this machine or beside it
# MQTT 5: CONNECT, clean start, keep alive 60 s, no client id: the broker takes it from the certificate
CONNECT: Final = bytes.fromhex("100d 0004 4d515454 05 02 003c 00 0000")
DISCONNECT: Final = bytes.fromhex("e000")
CONNACK: Final = 0x20


class Eviction:
    """At one broker."""

    def __init__(self, authority: Authority, *, address: tuple[str, int]) -> None:
        self._authority, self._address = authority, address

    async def evict(self, box: BoxName, visitor: Visitor) -> None:
        """Push out whoever is there under the name of `box`. Raises OSError: the broker is away."""
        if not await self._is_let_in(visitor):
            raise ConnectionError(f"the broker does not let the hub in as {box}")

    async def is_in_force(self, revoked: Visitor) -> bool:
        """Whether the broker refuses a certificate that is on the list. Raises OSError: it is away."""
        return not await self._is_let_in(revoked)

    async def _is_let_in(self, visitor: Visitor) -> bool:
        async with asyncio.timeout(LIMIT_S):
            with _context(self._authority.ca, visitor) as context:
                reader, writer = await asyncio.open_connection(*self._address, ssl=context)
            try:
                writer.write(CONNECT)
                answer = await reader.read(4)
                is_in = len(answer) == 4 and answer[0] == CONNACK and answer[3] == 0
                if is_in:
                    writer.write(DISCONNECT)
                return is_in
            except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
                return False  # TLS 1.3: a refused certificate shows when something is read
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()


@contextmanager
def _context(ca: Path, visitor: Visitor) -> Iterator[ssl.SSLContext]:
    """Python's ssl reads certificates from files alone: it is one for a moment, which nobody else may
    read.
    """
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.NamedTemporaryFile(prefix="haidang-", suffix=".pem") as file:
        file.write(visitor.pem)
        file.flush()
        context.load_cert_chain(file.name)
    yield context
