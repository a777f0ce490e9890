"""Signed minutes of a call (core): a canonical JSON document under the authority's signature.

    {"document": {…}, "signature": "base64"}

The file is canonical as a whole: keys in order, no blanks, UTF-8, NFC as it was typed. So there is one way to
write it, and any other byte is a forgery or damage. The authority signs `to_sign`: a domain of its own, so
that nothing else that it signs can be taken for minutes. A correction is another document that names the one
before by its digest. Source: docs/adr/0032.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = "haidang minutes 1"
DOMAIN: Final = b"haidang minutes 1\0"
FILE_MAX_BYTES: Final = 4_000_000

Document = Mapping[str, Any]
Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]  # text, signature


class MinutesError(Exception):
    """The file is not minutes as this installation signed them. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """A document and its signature."""

    document: Document
    signature: bytes

    @property
    def version(self) -> int:
        """1, and one more with each correction."""
        return int(self.document["version"])

    def to_bytes(self) -> bytes:
        """Return the file."""
        signature = base64.b64encode(self.signature).decode()
        return canonical({"document": self.document, "signature": signature})


def canonical(value: object) -> bytes:
    """Return the one way to write a value as JSON. Floats have many, and are refused."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(document: Document) -> str:
    """Return the hexadecimal SHA-256 by which a correction names what it corrects."""
    return hashlib.sha256(canonical(document)).hexdigest()


def to_sign(document: Document) -> bytes:
    """Return what the authority signs."""
    return DOMAIN + hashlib.sha256(canonical(document)).digest()


def sign_minutes(document: Document, *, sign: Sign) -> Minutes:
    """Return the document under its signature."""
    return Minutes(document, sign(to_sign(document)))


def read_minutes(raw: bytes, *, check: Check) -> Minutes:
    """Return the minutes of a file. Raises MinutesError: a byte of it is not as it was signed."""
    if len(raw) > FILE_MAX_BYTES:
        raise MinutesError(f"a file of {len(raw)} bytes: the largest minutes have {FILE_MAX_BYTES}")
    try:
        outer = json.loads(raw)
        document, signature = outer["document"], base64.b64decode(outer["signature"], validate=True)
        minutes = Minutes(document, signature)
        is_canonical = document["format"] == FORMAT and minutes.to_bytes() == raw
    except UnicodeDecodeError:
        raise MinutesError("not minutes: it is no text") from None
    except binascii.Error:
        raise MinutesError("not minutes: what stands as the signature is none") from None
    except json.JSONDecodeError:
        raise MinutesError("not minutes: it is no JSON, or its end is missing") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MinutesError("not minutes of format 1: they are a document and its signature") from None
    if not is_canonical:
        raise MinutesError("changed since it was signed: it is not written as minutes are")
    if not check(to_sign(document), signature):
        raise MinutesError("changed since it was signed, or signed by another authority")
    return minutes


def _refuse_floats(value: object) -> None:
    match value:
        case float():
            raise TypeError("a float in minutes: it has no canonical form")
        case Mapping():
            for one in value.values():
                _refuse_floats(one)
        case list() | tuple():
            for one in value:
                _refuse_floats(one)
        case _:
            pass
