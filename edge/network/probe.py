"""The box's own probe of one link (shell): does the hub answer there, and if not, who does?

Bound to the link's interface, whichever link is used: a greeting of TLS at the port that a press takes, no
ping, which says nothing of that port and is often dropped. 3 kB. The box's certificate stays out of it: the
hub has shown its own before it asks for ours.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from contract.front import ALPN_MQTT
from edge.hub_tls import hub_context
from edge.hub_way import SEGMENT_BYTES, family_of
from edge.network.verdict import HTTPS_PORT, Answer, Seen, portal_of

LIMIT_S: Final = 6.0  # of each wait: a satellite's handshake takes two, and one packet may be lost
PATIENCE_S: Final = 2.0  # then what else may be the matter is looked for, beside it
SMALL_SEGMENT_BYTES: Final = 500
HTTP_PORT: Final = 80
_OTHER_NAME: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_SAID_WITHOUT_TLS: Final = ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "PACKET_LENGTH_TOO_LONG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The hub as the box knows it, and by which interface it is asked for at which addresses."""

    host: str
    port: int
    ca_pem: bytes
    interface: str
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True)
class Probed:
    """`address`: where the hub proved itself; None: nowhere."""

    seen: Seen
    address: str | None = None


@dataclass(frozen=True, slots=True)
class _Greeted:
    answer: Answer
    address: str = ""
    ends: str = ""  # of the certificate, as ssl says it


async def probe(
    target: Target, *, is_name_dead: bool, wants_full: bool = False, utc_ms: int | None = None
) -> Probed:
    """Return what was seen, within PATIENCE_S and four times LIMIT_S. `wants_full`: also whether packets pass
    that are as large as they come. Raises ValueError, ssl.SSLError: the authority's certificate is no good.
    """
    seen = Seen(where=f"{target.host}:{target.port}", is_name_dead=is_name_dead)
    if not target.addresses:
        return Probed(seen)
    ours = hub_context(target.ca_pem)
    ours.set_alpn_protocols([ALPN_MQTT])  # a hub with one port for everything asks who is wanted
    main = asyncio.create_task(_greet_any(target, target.port, ours))
    others: asyncio.Future[tuple[_Greeted, _Greeted, str | None]] | None = None
    try:
        await asyncio.wait({main}, timeout=PATIENCE_S)
        if not (main.done() and main.result().answer is Answer.HUB):
            others = asyncio.gather(
                _greet_any(target, target.port, ours, segment_bytes=SMALL_SEGMENT_BYTES),
                _greet_https(target, ours),
                _portal(target),
            )
        greeted = await main
        seen = replace(seen, main=greeted.answer)
        if greeted.answer is Answer.HUB:
            is_over = utc_ms is not None and ssl.cert_time_to_seconds(greeted.ends) * 1000 < utc_ms
            seen = replace(seen, is_over=is_over)
            if wants_full:
                full = await _greet(target, greeted.address, target.port, ours, segment_bytes=None)
                seen = replace(seen, full=full.answer)
            return Probed(seen, greeted.address)
        assert others is not None  # noqa: S101 - told to mypy: the hub did not answer
        small, https, portal = await others
        seen = replace(seen, small=small.answer, https=https.answer, portal=portal)
        proved = next((one for one in (small, https) if one.answer is Answer.HUB), None)
        return Probed(seen, proved.address if proved else None)
    finally:
        for task in (main, others):
            if task is not None:
                task.cancel()


async def _greet_https(target: Target, ours: ssl.SSLContext) -> _Greeted:
    """Greet at 443: the hub may have one port for everything, or only its console there, which may have a
    certificate that browsers know.
    """
    greeted = await _greet_any(target, HTTPS_PORT, ours)
    if greeted.answer is Answer.STRANGER:
        browsers = hub_context(target.ca_pem)
        browsers.load_default_certs()
        if (await _greet_any(target, HTTPS_PORT, browsers)).answer is Answer.HUB:
            return _Greeted(Answer.CONSOLE)
    return greeted


async def _greet_any(
    target: Target, port: int, context: ssl.SSLContext, *, segment_bytes: int = SEGMENT_BYTES
) -> _Greeted:
    """Greet at all addresses; return the hub's answer, or else the first address'."""
    tasks = [
        asyncio.create_task(_greet(target, address, port, context, segment_bytes=segment_bytes))
        for address in target.addresses
    ]
    try:
        for done in asyncio.as_completed(tasks):
            if (greeted := await done).answer is Answer.HUB:
                return greeted
        return tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()


async def _greet(
    target: Target, address: str, port: int, context: ssl.SSLContext, *, segment_bytes: int | None
) -> _Greeted:
    try:
        async with _connected(address, port, target.interface, segment_bytes) as sock:
            return await _shake(sock, target.host, address, context)
    except TimeoutError:
        return _Greeted(Answer.SILENT)
    except ConnectionRefusedError:
        return _Greeted(Answer.REFUSED)
    except ConnectionError:
        return _Greeted(Answer.CUT)
    except OSError:
        return _Greeted(Answer.UNREACHABLE)


async def _shake(sock: socket.socket, host: str, address: str, context: ssl.SSLContext) -> _Greeted:
    try:
        async with asyncio.timeout(LIMIT_S):
            _, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host)
        peer = writer.get_extra_info("peercert")
        writer.transport.abort()
        return _Greeted(Answer.HUB, address, str(peer["notAfter"]))
    except TimeoutError:
        return _Greeted(Answer.STUCK)
    except ssl.SSLCertVerificationError as error:
        is_ours = error.verify_code in _OTHER_NAME
        return _Greeted(Answer.OTHER_NAME if is_ours else Answer.STRANGER)
    except ssl.SSLError as error:
        return _Greeted(Answer.NO_TLS if error.reason in _SAID_WITHOUT_TLS else Answer.CUT)
    except OSError:
        return _Greeted(Answer.CUT)


async def _portal(target: Target) -> str | None:
    """Return who answers plain HTTP in the hub's place and leads elsewhere."""
    address = target.addresses[0]
    with contextlib.suppress(OSError, TimeoutError):
        async with _connected(address, HTTP_PORT, target.interface, SEGMENT_BYTES) as sock:
            reader, writer = await asyncio.open_connection(sock=sock)
            try:
                writer.write(f"GET / HTTP/1.1\r\nHost: {target.host}\r\nConnection: close\r\n\r\n".encode())
                async with asyncio.timeout(LIMIT_S):
                    return portal_of(await reader.readuntil(b"\r\n\r\n"), host=target.host)
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return None
            finally:
                writer.transport.abort()
    return None


@asynccontextmanager
async def _connected(
    address: str, port: int, interface: str, segment_bytes: int | None
) -> AsyncIterator[socket.socket]:
    """A TCP connection by this interface. Raises OSError; TimeoutError after LIMIT_S."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        if segment_bytes is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment_bytes)
        async with asyncio.timeout(LIMIT_S):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        yield sock
