"""Whether a request comes from the panel's own page (core).

The panel listens on loopback, which any page in any browser of this machine can reach: by a form of its own
(the Origin tells), or under a name of its own that it lets mean 127.0.0.1 (the Host tells).
"""

from typing import Final

_OURSELVES: Final = ("127.0.0.1", "localhost")
READING: Final = ("GET", "HEAD")
WEBSOCKET: Final = "WEBSOCKET"  # in place of a method: it changes nothing, and is told all; no page but ours


def is_own(method: str, *, host: str | None, origin: str | None, port: int) -> bool:
    """Whether to answer. `host`, `origin`: the headers, None where there is none; what changes something must
    have both."""
    if host not in {f"{name}:{port}" for name in _OURSELVES}:
        return False
    return method in READING or origin == f"http://{host}"
