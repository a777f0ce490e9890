"""Signed minutes: a changed byte fails, whichever it is."""

import hashlib
import hmac

import pytest

from hub.cases.minutes import DOMAIN, MinutesError, canonical, digest, read_minutes, sign_minutes, to_sign

KEY = b"the authority's"
DOCUMENT = {
    "format": "haidang minutes 1",
    "version": 1,
    "journal": [{"by": None, "input": "CLAIM", "utc_us": 1_800_000_000_000_000}],
    "findings": "khó thở, đã ổn",
}


def sign(text: bytes) -> bytes:
    return hmac.digest(KEY, text, "sha256")


def check(text: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign(text), signature)


def test_minutes_are_read_again_as_they_were_signed() -> None:
    minutes = sign_minutes(DOCUMENT, sign=sign)
    again = read_minutes(minutes.to_bytes(), check=check)
    assert (again.document, again.version) == (DOCUMENT, 1)
    assert again.to_bytes() == minutes.to_bytes()


def test_any_changed_byte_fails() -> None:
    raw = sign_minutes(DOCUMENT, sign=sign).to_bytes()
    for place in range(len(raw)):
        for change in (0x01, 0x20, 0x80):
            forged = bytearray(raw)
            forged[place] ^= change
            with pytest.raises(MinutesError):
                read_minutes(bytes(forged), check=check)


@pytest.mark.parametrize(
    "forge",
    [
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b",", b", ", 1),
        lambda raw: raw[:-1],
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"[" * 100_000,
        lambda _: b'{"document":1,"signature":""}',
        lambda raw: raw.replace(b'"version":1', b'"version":1.0'),
        lambda raw: raw.replace(b'"version":1', b'"version":2,"version":1'),
        lambda _: b" " * 4_000_001,
    ],
)
def test_no_other_way_to_write_the_same_passes(forge: object) -> None:
    assert callable(forge)
    with pytest.raises(MinutesError):
        read_minutes(forge(sign_minutes(DOCUMENT, sign=sign).to_bytes()), check=check)


def test_minutes_of_another_format_fail_even_when_they_are_signed() -> None:
    other = sign_minutes({**DOCUMENT, "format": "haidang minutes 2"}, sign=sign)
    with pytest.raises(MinutesError):
        read_minutes(other.to_bytes(), check=check)


def test_what_is_signed_can_be_taken_for_nothing_else() -> None:
    assert to_sign(DOCUMENT) == DOMAIN + hashlib.sha256(canonical(DOCUMENT)).digest()
    assert digest(DOCUMENT) == hashlib.sha256(canonical(DOCUMENT)).hexdigest()
    with pytest.raises(MinutesError):
        read_minutes(sign_minutes(DOCUMENT, sign=lambda text: sign(text[1:])).to_bytes(), check=check)


def test_a_float_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        canonical({"deep": [{"age": 1.5}]})
