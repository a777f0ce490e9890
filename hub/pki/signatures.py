"""Whether the installation's authority signed something."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.pki.files import PkiError, read_file


class AuthorityCheck:
    """Checks signatures of the authority whose certificate is in `ca`."""

    def __init__(self, ca: Path) -> None:
        """Raises PkiError: there is no certificate of an authority in that file."""
        try:
            key = x509.load_pem_x509_certificate(read_file(ca)).public_key()
        except ValueError as error:
            raise PkiError(f"{ca}: no certificate; name the installation's ca.crt") from error
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise PkiError(f"{ca}: not the certificate of an installation's authority")
        self._key = key

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether that is the authority's signature of that text."""
        try:
            self._key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True
