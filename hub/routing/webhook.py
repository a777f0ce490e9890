"""Posts a webhook: one connection, one request, its status. The only importer of h11; it decides nothing."""

import asyncio
import contextlib
import ssl
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11

from hub.routing.outside import OutsideError
from hub.routing.policy import Webhook

LIMIT_S: Final = 10.0  # for all of one try
READ_BYTES: Final = 4096
WORTH_ANOTHER_TRY: Final = frozenset({408, 409, 425, 429})  # of 4xx; all others are a fault of ours


async def post(webhook: Webhook, body: bytes, headers: dict[str, str], *, limit_s: float = LIMIT_S) -> None:
    """Post `body`; returns when the other side has taken it (2xx). Raises OutsideError."""
    where = f"webhook {webhook.name} at {webhook.url}"
    trust = None
    if webhook.url.startswith("https:"):
        try:
            trust = ssl.create_default_context(cafile=webhook.ca_path)
        except (ssl.SSLError, OSError) as error:
            raise OutsideError(f"{where}: {webhook.ca_path} holds no certificates ({error})") from error
    try:
        async with asyncio.timeout(limit_s):
            status = await _exchange(urlsplit(webhook.url), trust, body, headers)
    except TimeoutError:
        raise OutsideError(f"{where}: no answer within {limit_s:.0f} s; is it running?") from None
    except ssl.SSLCertVerificationError as error:
        raise OutsideError(
            f"{where}: its certificate is not trusted ({error.verify_message}): name its authority as ca_file"
        ) from error
    except ssl.SSLError as error:
        raise OutsideError(f"{where}: no TLS there ({error.reason}): is the address right?") from error
    except OSError as error:
        raise OutsideError(f"{where}: cannot be reached ({error.strerror or error})") from error
    except h11.RemoteProtocolError as error:
        raise OutsideError(f"{where}: what answers there is no HTTP ({error})") from error
    if status // 100 == 2:
        return
    is_final = 300 <= status < 500 and status not in WORTH_ANOTHER_TRY
    cure = ": are the secrets the same on both sides?" if status in (401, 403) else ""
    raise OutsideError(f"{where}: refused with status {status}{cure}", is_final=is_final)


async def _exchange(
    url: SplitResult, trust: ssl.SSLContext | None, body: bytes, headers: dict[str, str]
) -> int:
    port = url.port or (80 if trust is None else 443)
    reader, writer = await asyncio.open_connection(url.hostname, port, ssl=trust, limit=READ_BYTES)
    try:
        connection = h11.Connection(h11.CLIENT)
        request = h11.Request(method="POST", target=_target(url), headers=_headers(url, body, headers))
        for sent in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(connection.send(sent) or b"")
        await writer.drain()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                return event.status_code
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("it closed the connection without an answer")
    finally:
        writer.transport.abort()  # no politeness is owed, and a shutdown of TLS may hang
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _headers(url: SplitResult, body: bytes, headers: dict[str, str]) -> list[tuple[str, str]]:
    return [
        ("host", url.netloc.rpartition("@")[2]),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("user-agent", "haidang-hub"),
        ("connection", "close"),
        *headers.items(),
    ]
