"""What is known of the way to the hub, in numbers, for the diagnostic bundle (core)."""

from edge.uplink.tcp_state import TcpState
from edge.uplink.window import Window


def figures_of(window: Window, tcp: TcpState | None) -> dict[str, float | int | bool | None]:
    """Return the window's figures, and those of the connection of now, None without one."""
    return {
        "round_trip_s": window.round_trip_s,
        "answer_s": window.answer_s,
        "rate_bytes_per_s": window.rate,
        "window_bytes": window.limit_bytes,
        "parcel_bytes": window.parcel_bytes,
        "is_in_call": window.is_in_call,
        "tcp_holes": None if tcp is None else tcp.holes,
        "tcp_queue_s": None if tcp is None else tcp.queue_s,
        "tcp_silent_s": None if tcp is None else tcp.silent_s,
    }
