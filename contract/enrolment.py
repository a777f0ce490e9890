"""What a box and its hub say to one another before there is a broker between them: JSON over HTTPS (core).

Source: docs/enrolment.md, section 3.
"""

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, Field, ValidationError

from contract.errors import Refusal, RefusedError
from contract.events import WIRE_RULES, Bytes

PATH: Final = "/enrol/v1"
BODY_MAX_BYTES: Final = 16_384  # of a request and of an answer
POLL_S: Final = 5.0  # how often a box asks whether an operator has taken it
RENEW_AT: Final = 2 / 3  # of a certificate's life
_RENEW_WORDS: Final = b"haidang enrol renew 1\0"

Pem = Annotated[str, Field(max_length=4_096)]
Serial = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z._:-]*$")]


class _Said(BaseModel):
    """Fields that a reader does not know are ignored: the next version may say more."""

    model_config = WIRE_RULES


class Asked(_Said):
    """POST /enrol/v1/claim: take me for a box. `claim` "": I have no code, give me a number for my panel.

    `ticket` "": this is the first time that I ask so. `serial`: of the machine, as it calls itself.
    """

    csr: Pem
    claim: Annotated[str, Field(max_length=40)] = ""
    ticket: Annotated[str, Field(max_length=64)] = ""
    serial: Serial = ""
    boot_id: Serial = ""
    utc_ms: int = 0  # what the box's clock says; noted, never believed


class Waiting(_Said):
    """Answer 202: read `number` out to an operator of the hub, and ask again after `poll_s` with `ticket`."""

    number: str
    ticket: str
    poll_s: float


class Server(_Said):
    """Where the broker is. `host` "": where this answer came from."""

    host: Annotated[str, Field(max_length=255)] = ""
    port: Annotated[int, Field(ge=1, le=65_535)]


class Enrolled(_Said):
    """Answer 200: what a box needs. Times are the hub's; `renew_after_s` counts from `utc_ms`."""

    station: str
    box: Annotated[int, Field(ge=0, le=999_999)]
    certificate: Pem
    ca: Pem
    seal_key: Bytes
    # The first is the ordinary one, a second the port for everything (contract.front).
    brokers: Annotated[list[Server], Field(min_length=1, max_length=4)]
    utc_ms: int
    renew_after_s: Annotated[float, Field(ge=0)]
    is_replaced: bool = False  # another box is the station now: this one only sends what it still has


class Renewal(_Said):
    """POST /enrol/v1/renew: my certificate, please. `nonce` and `proof` missing: give me a nonce.

    `proof`: ECDSA over P-256 with SHA-256, DER, by the box's key, over `to_sign(box, nonce)`.
    """

    box: Annotated[str, Field(max_length=48)]
    nonce: Annotated[str, Field(max_length=128)] = ""
    proof: Annotated[Bytes, Field(max_length=80)] = b""
    is_lost: bool = (
        False  # the certificate is not there any more, or is damaged: make one although it is early
    )


class Nonce(_Said):
    """Answer 202 to a renewal without one: sign this within a few minutes."""

    nonce: str


class NotDue(_Said):
    """Answer 200 to a renewal that is early: ask again after so long."""

    utc_ms: int
    renew_after_s: Annotated[float, Field(ge=0)]
    is_replaced: bool = False


class Fault(_Said):
    """Any other answer. `error` is in English, for a log; `code` is one of FAULTS."""

    code: str
    error: str


# What a box may be told, by code: (HTTP status, whether asking again later may help).
FAULTS: Final = {
    "malformed": (400, False),
    "unknown claim": (403, False),  # nobody made it, or it was used by another box, or its days are over
    "revoked": (403, False),
    "unknown box": (403, False),
    "wrong proof": (403, True),
    "over": (410, True),  # the number on the panel is too old
    "too many": (429, True),
    "away": (503, True),
}


def to_sign(box: str, nonce: str) -> bytes:
    """Return what a box signs to show that it still has its key."""
    return _RENEW_WORDS + box.encode() + b"\0" + nonce.encode()


T = TypeVar("T", bound=BaseModel)


def parse_said(kind: type[T], data: bytes) -> T:
    """Return what was said. Raises RefusedError."""
    if len(data) > BODY_MAX_BYTES:
        raise RefusedError(Refusal.OVERSIZED, f"{len(data)} bytes; the limit is {BODY_MAX_BYTES}")
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RefusedError(Refusal.MALFORMED, f"{kind.__name__}: {where}: {first['msg'][:200]}") from None
