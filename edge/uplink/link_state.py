"""What is known of the link, for the doctor and the status (core)."""

from dataclasses import dataclass, field

from edge.uplink.tcp_state import TcpState


@dataclass(slots=True)
class LinkState:
    """Times are seconds of CLOCK_BOOTTIME; None: not now, or not since the start.

    `tcp` is of the connection, `rate` what the link was last seen to carry, bytes a second.
    """

    connected_since_s: float | None = None
    problem: str | None = "has not connected yet"
    port: int | None = None  # of the connection, or of the try that is under way
    refused_by_broker: str | None = None  # what we say is not taken, although we are connected
    reconnects: int = 0
    bad_messages: int = 0
    last_receipt_s: float | None = None
    parcels_sent: int = 0
    bytes_sent: int = 0
    tcp: TcpState = field(default_factory=TcpState)
    rate: float | None = None
