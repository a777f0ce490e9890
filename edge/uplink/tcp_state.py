"""What Linux says of a TCP connection (core): the few fields of its `tcp_info` that the window asks for.

Source: include/uapi/linux/tcp.h, `struct tcp_info`; fields are only ever added at its end.
"""

import struct
from dataclasses import dataclass
from math import inf
from typing import Final

TCP_INFO_BYTES: Final = 228  # to the end of the last field that is read; Linux 5.4 and later
_UNACKED: Final = struct.Struct("=II")  # segments on the way, and those of them that arrived behind a hole
_UNACKED_AT: Final = 24
_SILENT_AT: Final = 52  # ms since data came, and since an acknowledgement did
_ROUND_TRIP_AT: Final = 68  # smoothed, us
_RESENT_AT: Final = 100  # segments, in all
_ACKED_AT: Final = 120  # bytes, in all
_LEAST_ROUND_TRIP_AT: Final = 148  # us
_SENT_AT: Final = 200  # bytes, in all; and those of them that were sent again
_OUT_OF_ORDER_AT: Final = 224  # segments that came behind a hole, in all
_UNKNOWN_US: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class TcpState:
    """Of one moment."""

    holes: int = 0  # how often anything was lost so far, either way; only its changes mean something
    beyond_hole_bytes: int = (
        0  # arrived behind the first hole: the link is free of it, its reader has not got it
    )
    queue_s: float = 0.0  # by how much the round trip is longer than the least
    silent_s: float = inf  # since the other end's last data came
    sent_bytes: int = 0  # in all, each time it was sent
    resent_bytes: int = 0  # of them sent again
    on_the_way: int = 0  # segments that the other end has not acknowledged
    heard_s: float = inf  # since its last data or acknowledgement came


def parse_tcp_info(raw: bytes) -> TcpState:
    """Return what `getsockopt(TCP_INFO)` says; an older kernel's shorter answer says nothing."""
    if len(raw) < TCP_INFO_BYTES:
        return TcpState()

    def number(at: int, form: str = "=I") -> int:
        return int(struct.unpack_from(form, raw, at)[0])

    unacked, sacked = _UNACKED.unpack_from(raw, _UNACKED_AT)
    sent_bytes, resent_bytes = number(_SENT_AT, "=Q"), number(_SENT_AT + 8, "=Q")
    on_the_way_bytes = max(0, sent_bytes - resent_bytes - number(_ACKED_AT, "=Q"))
    least_us = number(_LEAST_ROUND_TRIP_AT)
    return TcpState(
        holes=number(_RESENT_AT) + number(_OUT_OF_ORDER_AT),
        beyond_hole_bytes=on_the_way_bytes * sacked // unacked if unacked else 0,
        silent_s=number(_SILENT_AT) / 1e3,
        on_the_way=unacked,
        heard_s=min(number(_SILENT_AT), number(_SILENT_AT + 4)) / 1e3,
        sent_bytes=sent_bytes,
        resent_bytes=resent_bytes,
        queue_s=0.0 if least_us == _UNKNOWN_US else max(0, number(_ROUND_TRIP_AT) - least_us) / 1e6,
    )


def loss_permille(tcp: TcpState) -> int | None:
    """Return how much of what was sent had to be sent again, 0 … 1000; None before anything was."""
    return min(1000, round(1000 * tcp.resent_bytes / tcp.sent_bytes)) if tcp.sent_bytes else None
