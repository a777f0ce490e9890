"""Errors of the contract. Everything that comes from a peer is refused with one of these, never with another.

ContractError
├── RefusedError            bytes or JSON of the peer that we will not take; carries a `Refusal`
└── OwnFaultError           our own code asked for something the contract does not allow
    └── SealExhaustedError  a key has sealed as much as it may
"""

from enum import IntEnum


class Refusal(IntEnum):
    """Why something of the peer's was refused. The number travels in receipts; never reuse one."""

    TRUNCATED = 1
    OVERSIZED = 2
    BAD_CRC = 3
    UNKNOWN_VERSION = 4
    MALFORMED = 5
    NOT_SEALED = 6
    WRONG_SPOOL = 7
    SEAL_BROKEN = 8
    UNKNOWN_KEY = 9
    OTHER_CONTENT = 10  # the same identity was stored before with other content
    WRONG_TOPIC = 11
    STORE_FAILED = 12


class ContractError(Exception):
    """Root of this tree."""


class RefusedError(ContractError):
    """The peer's input was refused; nothing changed. `refusal` is the reason, the text one sentence."""

    def __init__(self, refusal: Refusal, text: str) -> None:
        super().__init__(f"{refusal.name.lower()}: {text}")
        self.refusal = refusal


class OwnFaultError(ContractError):
    """Our own code broke the contract (a value out of range, a header of the wrong kind)."""


class SealExhaustedError(OwnFaultError):
    """The nonce counter of a key has reached its end; make a new key."""
