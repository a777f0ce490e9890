"""A new seal key of the hub, offered to a box under the signature of the installation's authority.

The authority signs `HubKey.to_sign` with ECDSA over P-256 and SHA-256, DER: the key by which boxes know the
broker also says to which key they may seal. Source: docs/wire.md, section 8; docs/adr/0018.
"""

from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from contract.errors import Refusal, RefusedError
from contract.sealing import HubKey
from contract.signals import SealKey


def make_offer(hub_key: HubKey, *, sign: Callable[[bytes], bytes]) -> SealKey:
    """Return the signal that offers `hub_key`; `sign` is the authority's."""
    return SealKey(
        number=hub_key.number,
        public_key=hub_key.public.public_bytes_raw(),
        signature=sign(hub_key.to_sign()),
    )


def check_offer(offer: SealKey, *, ca_pem: bytes) -> HubKey:
    """Return the key that was offered.

    Raises RefusedError when the authority whose certificate `ca_pem` is has not signed it.
    """
    hub_key = HubKey(offer.number, X25519PublicKey.from_public_bytes(offer.public_key))
    try:
        authority = x509.load_pem_x509_certificate(ca_pem).public_key()
    except ValueError as error:
        raise RefusedError(
            Refusal.MALFORMED, f"the authority's certificate cannot be read ({error})"
        ) from error
    if not isinstance(authority, ec.EllipticCurvePublicKey):
        raise RefusedError(Refusal.MALFORMED, "the authority's certificate has no elliptic curve key")
    try:
        authority.verify(offer.signature, hub_key.to_sign(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        text = f"the hub's seal key {offer.number} is not signed by this installation's authority"
        raise RefusedError(Refusal.SEAL_BROKEN, text) from None
    return hub_key
