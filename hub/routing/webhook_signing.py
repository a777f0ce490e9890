"""Signatures of webhooks (core), by the "Standard Webhooks" convention, which receivers have code for.

Three headers: `webhook-id` (the same for each try of one message), `webhook-timestamp` (seconds since 1970,
of this try) and `webhook-signature`, "v1," and the base64 of HMAC-SHA256 over "ID.TIMESTAMP.BODY". A receiver
refuses a timestamp that is more than five minutes off, and an id that it has had.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

SECRET_PREFIX: Final = b"whsec_"  # the rest is base64, as the convention writes secrets


def secret_bytes(held: bytes) -> bytes:
    """Return the key in what a secret's file holds: the text itself, or what follows the prefix, decoded.

    Raises ValueError: what follows the prefix is no base64.
    """
    if not held.startswith(SECRET_PREFIX):
        return held
    try:
        return base64.b64decode(held.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"what follows {SECRET_PREFIX.decode()} is no base64 ({error})") from None


def message_id(call: str, key: str) -> str:
    """Return the id of one message; each of its tries has the same, so that a receiver takes it once."""
    return "msg_" + hashlib.sha256(f"{call} {key}".encode()).hexdigest()[:32]


def signed_headers(secret: bytes, body: bytes, *, message: str, utc_s: int) -> dict[str, str]:
    """Return the three headers."""
    signed = hmac.digest(secret, f"{message}.{utc_s}.".encode() + body, "sha256")
    return {
        "webhook-id": message,
        "webhook-timestamp": str(utc_s),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
