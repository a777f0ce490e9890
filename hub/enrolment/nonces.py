"""What a box signs to renew its certificate (core): the hub's word, good for a few minutes, kept nowhere.

A nonce is the hub's clock and a code over it by a key of this process. A hub that starts anew takes none of
those before; the box asks for another.
"""

import hashlib
import hmac
from typing import Final

LIFE_S: Final = 300.0  # a slow link's two round trips, many times over


def make_nonce(key: bytes, *, now_s: float) -> str:
    """Return a nonce of now, monotonic."""
    stamp = f"{int(now_s * 1000):x}"
    return f"{stamp}.{_code(key, stamp)}"


def is_fresh(key: bytes, nonce: str, *, now_s: float) -> bool:
    """Whether this process made `nonce`, at most LIFE_S ago."""
    stamp, _, code = nonce.partition(".")
    if not nonce.isascii() or not hmac.compare_digest(code, _code(key, stamp)):
        return False
    return 0 <= now_s - int(stamp, 16) / 1000 <= LIFE_S


def _code(key: bytes, stamp: str) -> str:
    return hmac.new(key, b"enrol renew " + stamp.encode(), hashlib.sha256).hexdigest()
