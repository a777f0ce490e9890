"""`python -m tests.simulators.links.blaster HOST PORT BYTES BPS SECONDS`: even UDP, to measure a link with.

Each datagram begins with when it was sent (monotonic, ns, 8 bytes) and its number (4 bytes); with its IP
header a packet has BYTES bytes.
"""

import socket
import struct
import sys
import time
from typing import Final

HEADERS_BYTES: Final = 28  # IPv4 and UDP
STAMP: Final = struct.Struct("!QI")


def main() -> None:
    """Send and end."""
    host, port, size_bytes, bps, seconds = sys.argv[1], *map(int, sys.argv[2:])
    count = bps * seconds // (8 * size_bytes)
    padding = bytes(size_bytes - HEADERS_BYTES - STAMP.size)
    began_s = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((host, port))
        for number in range(count):
            time.sleep(max(0.0, began_s + number * 8 * size_bytes / bps - time.monotonic()))  # the pace
            sender.send(STAMP.pack(time.monotonic_ns(), number) + padding)


if __name__ == "__main__":
    main()
