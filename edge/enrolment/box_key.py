"""The box's own key: made on the box, never given away. P-256, PKCS#8 PEM, mode 0600."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge.enrolment.files import write_file
from edge.errors import EnrolmentError


class BoxKey:
    """The key in a file."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @classmethod
    def load_or_make(cls, path: Path) -> "BoxKey":
        """Return the key in `path`; made where there is none, or one that cannot be read. Raises
        EnrolmentError.
        """
        try:
            return cls.load(path)
        except EnrolmentError:
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_file(path, pem, mode=0o600)
            return cls(key)

    @classmethod
    def load(cls, path: Path) -> "BoxKey":
        """Return the key in `path`. Raises EnrolmentError: missing, damaged, of another kind."""
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise EnrolmentError(f"{path}: no key can be read there ({error})") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise EnrolmentError(f"{path}: not an elliptic curve key")
        return cls(key)

    def request(self) -> str:
        """Return a certificate request, PEM. Its name is empty: what the box is called is the hub's
        matter.
        """
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def sign(self, text: bytes) -> bytes:
        """Return the signature of `text`: ECDSA, SHA-256, DER."""
        return self._key.sign(text, ec.ECDSA(hashes.SHA256()))

    def fits(self, certificate_pem: bytes) -> bool:
        """Whether a certificate is for this key. Until when it says it is good is not asked: whose clock
        knows?
        """
        try:
            return x509.load_pem_x509_certificate(certificate_pem).public_key() == self._key.public_key()
        except ValueError:
            return False


def fingerprint_of(certificate_pem: bytes) -> str | None:
    """Return SHA-256 of a certificate, hex; None when it is none."""
    try:
        return x509.load_pem_x509_certificate(certificate_pem).fingerprint(hashes.SHA256()).hex()
    except ValueError:
        return None


def ends_utc_s(certificate_pem: bytes) -> float | None:
    """Return until when a certificate is good, seconds since 1970; None when it is none."""
    try:
        return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc.timestamp()
    except ValueError:
        return None
