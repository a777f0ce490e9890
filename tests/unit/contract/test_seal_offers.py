"""A box takes a new key of the hub from the authority that it was given, and from nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contract.errors import Refusal, RefusedError
from contract.seal_offers import check_offer, make_offer
from contract.sealing import HubKey
from contract.signals import SealKey, encode_signal, parse_signal

HUB_KEY = HubKey(2, X25519PrivateKey.generate().public_key())
ZEROS = b"A" * 43 + b"="  # 32 of them
CA = ec.generate_private_key(ec.SECP256R1())


def sign(text: bytes) -> bytes:
    return CA.sign(text, ec.ECDSA(SHA256()))


def certificate(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    hashed = SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return builder.public_key(key.public_key()).sign(key, hashed).public_bytes(Encoding.PEM)


CA_PEM = certificate(CA)


def refusal_of(offer: SealKey, *, ca_pem: bytes = CA_PEM) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        check_offer(offer, ca_pem=ca_pem)
    return caught.value.refusal


def test_an_offer_comes_through_the_wire_as_the_key_that_was_offered() -> None:
    offer = parse_signal(encode_signal(make_offer(HUB_KEY, sign=sign)))
    assert isinstance(offer, SealKey)
    assert check_offer(offer, ca_pem=CA_PEM) == HUB_KEY
    assert len(encode_signal(offer)) < 260


def test_an_offer_for_another_number_or_key_does_not_hold() -> None:
    offer = make_offer(HUB_KEY, sign=sign)
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    for changed in ({"number": 3}, {"public_key": other}, {"signature": b""}, {"signature": bytes(70)}):
        assert refusal_of(offer.model_copy(update=changed)) is Refusal.SEAL_BROKEN


def test_an_offer_signed_by_another_authority_does_not_hold() -> None:
    another = certificate(ec.generate_private_key(ec.SECP256R1()))
    assert refusal_of(make_offer(HUB_KEY, sign=sign), ca_pem=another) is Refusal.SEAL_BROKEN


def test_what_the_authority_signed_for_something_else_is_no_offer() -> None:
    offer = make_offer(HUB_KEY, sign=lambda text: sign(text.removeprefix(b"haidang hub seal key 1\0")))
    assert refusal_of(offer) is Refusal.SEAL_BROKEN


@pytest.mark.parametrize("ca_pem", [b"", b"-----", certificate(ed25519.Ed25519PrivateKey.generate())])
def test_an_authority_that_cannot_be_read_takes_no_offer(ca_pem: bytes) -> None:
    assert refusal_of(make_offer(HUB_KEY, sign=sign), ca_pem=ca_pem) is Refusal.MALFORMED


@pytest.mark.parametrize(
    "payload",
    [
        b'{"signal":"seal key","number":0,"public_key":"%s","signature":""}' % ZEROS,
        b'{"signal":"seal key","number":4294967296,"public_key":"%s","signature":""}' % ZEROS,
        b'{"signal":"seal key","number":2,"public_key":"AAAA","signature":""}',
        b'{"signal":"seal key","number":2,"public_key":"%s","signature":"%s"}' % (ZEROS, b"A" * 112),
    ],
)
def test_an_offer_out_of_bounds_is_malformed(payload: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_signal(payload)
    assert caught.value.refusal is Refusal.MALFORMED
