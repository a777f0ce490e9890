"""Who asks, as the front says it before it passes on what they say (core): PROXY protocol, version 2.

Source: HAProxy, doc/proxy-protocol.txt, section 2.2.
"""

import struct
from ipaddress import ip_address
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_BYTES: Final = 16  # signature, version and command, family, length
HEADER_MAX_BYTES: Final = 232  # with addresses of the longest family and what may stand behind them
_PROXY: Final = 0x21  # version 2, on behalf of somebody
_LENGTHS: Final = {0x11: 4, 0x21: 16}  # TCP over IPv4 and IPv6: bytes of one address


class NoHeaderError(Exception):
    """These bytes do not begin with a header of a connection that was passed on."""


def parse_proxy_header(data: bytes) -> tuple[int, tuple[str, int]]:
    """Return how long the header is, and address and port of who asks. Raises NoHeaderError."""
    if len(data) < FIXED_BYTES or not data.startswith(SIGNATURE):
        raise NoHeaderError("no PROXY header, version 2")
    command, family, length = struct.unpack_from("!BBH", data, len(SIGNATURE))
    size = _LENGTHS.get(family)
    if command != _PROXY or size is None:
        raise NoHeaderError(f"not passed on over TCP: command {command:#x}, family {family:#x}")
    end = FIXED_BYTES + length
    if length < 2 * size + 4 or len(data) < end:
        raise NoHeaderError(f"{len(data)} bytes of a header of {end}")
    port = int.from_bytes(data[FIXED_BYTES + 2 * size : FIXED_BYTES + 2 * size + 2])
    return end, (str(ip_address(data[FIXED_BYTES : FIXED_BYTES + size])), port)
