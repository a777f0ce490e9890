"""The certificate authority of one installation, in one folder. Nobody else makes certificates.

    ca.crt ca.key             signs all others; boxes and browsers trust ca.crt
    broker.crt broker.key     the broker, to boxes; valid by any clock, for a box wakes up in 1970
    console.crt console.key   the console, to browsers, which refuse a certificate of many years
    hub.crt hub.key           the hub as a client of the broker, CN=hub
    revoked.crl               certificates that the broker lets in no more
    seal*.key seal.pub        what boxes seal to: hub/pki/seal_keys.py

Keys are P-256, PKCS#8 PEM, mode 0600. What exists is kept; what is missing, foreign or nearly expired is made
again.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from contract.errors import Refusal, RefusedError
from contract.ids import HUB_NAME, BoxName, StationId
from hub.pki.files import PkiError, read_file, write_file
from hub.pki.seal_keys import SealKeys

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
ANY_CLOCK: Final = (datetime(1970, 1, 2, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC))
CONSOLE_LIFETIME: Final = timedelta(days=396)  # browsers refuse more than 398
CONSOLE_EARLY: Final = timedelta(days=1)  # a browser's clock may be behind
RENEW_BEFORE: Final = timedelta(days=30)
BOX_LIFETIME: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The files that a box is given."""

    ca: Path
    certificate: Path
    key: Path
    seal_key: Path


@dataclass(frozen=True, slots=True)
class Credential:
    """A station's certificate and key in DER, the key PKCS#8."""

    station: StationId
    certificate: bytes
    key: bytes

    def opened(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Return both as pyOpenSSL takes them. Raises ValueError: they are none of an authority's."""
        key = load_der_private_key(self.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"the key of {self.station} is no key of an elliptic curve")
        return x509.load_der_x509_certificate(self.certificate), key


@dataclass(frozen=True, slots=True)
class BoxCertificate:
    """What a box that keeps its own key is given."""

    pem: str
    serial_number: int
    ends: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """A certificate of the hub's own making in the name of a box, with its key, as one PEM."""

    pem: bytes
    serial_number: int


class Authority:
    """The authority of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.seal_keys = folder / "ca.crt", SealKeys(folder)
        self.revocations = folder / "revoked.crl"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Return the paths of certificate and key of "ca", "broker", "console" or "hub"."""
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def make(self, *, names: Sequence[str], now: datetime) -> None:
        """Make what is missing. `names` are further names and addresses of this machine. Raises PkiError.

        Called again it changes nothing, but for server certificates that lack a name or are about to expire.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_ca()
        hosts = tuple(dict.fromkeys((*LOCAL_NAMES, *names)))
        console = (now - CONSOLE_EARLY, now + CONSOLE_LIFETIME)
        self._make_pair("broker", "broker", self.folder, ANY_CLOCK, hosts=hosts, now=now)
        self._make_pair("console", "console", self.folder, console, hosts=hosts, now=now)
        self._make_pair("hub", HUB_NAME, self.folder, ANY_CLOCK, hosts=(), now=now)
        self.seal_keys.make_first()
        self.have_revocations()

    def have_revocations(self) -> None:
        """Make the list of revoked certificates, empty, where there is none: the broker does not start
        without. Raises PkiError.
        """
        if not self.revocations.exists():
            self.revoke([])

    def check(self) -> None:
        """Raise PkiError naming the first file that the hub needs and cannot read."""
        for certificate, key in map(self.pair, ("hub", "console", "ca")):
            _load_certificate(certificate)
            _load_key(key)
        self.seal_keys.read()

    def enrol(self, station: StationId, out: Path, *, now: datetime) -> Enrolment:
        """Write into `out` what the box of `station` needs. Called again it keeps the key that is there."""
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = self._make_pair("station", station, out, ANY_CLOCK, hosts=(), now=now)
        ca, seal_key = out / "ca.crt", out / "hub-seal.pub"
        write_file(ca, read_file(self.ca), mode=0o644)
        write_file(seal_key, self.seal_keys.newest().to_bytes(), mode=0o644)
        return Enrolment(ca, certificate, key, seal_key)

    def issue(self, stations: Iterable[StationId]) -> Iterator[Credential]:
        """Make certificate and key of each station, written nowhere: thousands a second. Raises PkiError."""
        ca, ca_key = _load_certificate(self.ca), _load_key(self.pair("ca")[1])
        for station in stations:
            key = ec.generate_private_key(ec.SECP256R1())
            builder = _leaf(station, ca, ca_key, key.public_key(), ANY_CLOCK).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
            yield Credential(
                station,
                builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.DER),
                key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            )

    def certify(self, box: BoxName, key: bytes, *, now: datetime) -> BoxCertificate:
        """Make a certificate for a box's public key (DER): good from 1970, for the hub's clock may be set
        back, until BOX_LIFETIME from now. Raises PkiError, ValueError: not such a key.
        """
        ca, ca_key = _load_certificate(self.ca), _load_key(self.pair("ca")[1])
        public = load_der_public_key(key)
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise ValueError("not an elliptic curve key")
        ends = now + BOX_LIFETIME
        builder = _leaf(str(box), ca, ca_key, public, (ANY_CLOCK[0], ends)).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        made = builder.sign(ca_key, hashes.SHA256())
        return BoxCertificate(made.public_bytes(Encoding.PEM).decode(), made.serial_number, ends)

    def visit_as(self, box: BoxName, *, now: datetime) -> Visitor:
        """Make a certificate and its key in the name of a box, written nowhere. Raises PkiError."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        made = self.certify(box, public, now=now)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Visitor(made.pem.encode() + private, made.serial_number)

    def fingerprint(self) -> str:
        """Return SHA-256 of the authority's certificate, hex, by which a box knows us. Raises PkiError."""
        return _load_certificate(self.ca).fingerprint(hashes.SHA256()).hex()

    def revoke(self, serial_numbers: Iterable[int]) -> bool:
        """Add to the list of certificates that count no more; False: it has them all. Raises PkiError.

        Nothing is ever taken from it: a hub that was restored from a backup may know of fewer.
        """
        wanted = set(serial_numbers)
        with suppress(OSError, ValueError):  # missing or damaged: made anew
            listed = {one.serial_number for one in x509.load_pem_x509_crl(self.revocations.read_bytes())}
            if wanted <= listed:
                return False
            wanted |= listed
        ca, ca_key = _load_certificate(self.ca), _load_key(self.pair("ca")[1])
        builder = x509.CertificateRevocationListBuilder(ca.subject, ANY_CLOCK[0], ANY_CLOCK[1])
        for number in sorted(wanted):
            one = x509.RevokedCertificateBuilder(number, ANY_CLOCK[0]).build()
            builder = builder.add_revoked_certificate(one)
        write_file(
            self.revocations, builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM), mode=0o644
        )
        return True

    def sign(self, text: bytes) -> bytes:
        """Return the authority's signature of `text`: ECDSA over P-256 with SHA-256, DER. Raises PkiError."""
        return _load_key(self.pair("ca")[1]).sign(text, ec.ECDSA(hashes.SHA256()))

    def _make_ca(self) -> None:
        certificate_path, key_path = self.pair("ca")
        if certificate_path.exists() and not key_path.exists():
            raise PkiError(
                f"{key_path} is gone, but {certificate_path} is there: run hub seal recover with the escrow,"
                " or restore the backup of the pki folder"
            )
        key = _load_or_make_key(key_path)
        if certificate_path.exists():
            return
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Haidang {os.urandom(4).hex()}")])
        builder = (
            _builder(name, name, key.public_key(), key.public_key(), ANY_CLOCK)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
        )
        write_file(
            certificate_path, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), mode=0o644
        )

    def _make_pair(
        self,
        file_name: str,
        common_name: str,
        folder: Path,
        validity: tuple[datetime, datetime],
        *,
        hosts: Sequence[str],
        now: datetime,
    ) -> tuple[Path, Path]:
        certificate_path, key_path = folder / f"{file_name}.crt", folder / f"{file_name}.key"
        ca, ca_key = _load_certificate(self.ca), _load_or_make_key(self.pair("ca")[1])
        key = _load_or_make_key(key_path)
        alternatives = [_general_name(host) for host in hosts]
        if _is_good(certificate_path, key, ca, common_name, alternatives, now):
            return certificate_path, key_path
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = _leaf(common_name, ca, ca_key, key.public_key(), validity).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        write_file(
            certificate_path, builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM), mode=0o644
        )
        return certificate_path, key_path


def key_of_request(csr_pem: str) -> bytes:
    """Return the public key (DER) of a certificate request that its own key signed. The names in it are not
    looked at: what the box is called is the hub's matter. Raises RefusedError.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        key = request.public_key()
        is_signed = request.is_signature_valid
    except ValueError as error:
        raise RefusedError(Refusal.MALFORMED, f"the certificate request cannot be read ({error})") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RefusedError(Refusal.MALFORMED, "the certificate request is not for a key over P-256")
    if not is_signed:
        raise RefusedError(Refusal.SEAL_BROKEN, "the certificate request is not signed by its own key")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def is_signed_by(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether `signature` (ECDSA, SHA-256, DER) of `text` is by the owner of a public key (DER)."""
    public = load_der_public_key(key)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    try:
        public.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def serial_number_of(path: Path) -> tuple[int, datetime]:
    """Return the number of the certificate in a file, and when it ends. Raises PkiError."""
    certificate = _load_certificate(path)
    return certificate.serial_number, certificate.not_valid_after_utc


def _is_good(
    path: Path,
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    common_name: str,
    alternatives: list[x509.GeneralName],
    now: datetime,
) -> bool:
    """Whether the certificate in `path` is ours, for this key and these names, and valid for a while."""
    if not path.exists():
        return False
    certificate = _load_certificate(path)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        found = x509.SubjectAlternativeName([])
    return (
        certificate.issuer == ca.subject
        and certificate.public_key() == key.public_key()
        and [name.value for name in names] == [common_name]
        and list(found) == alternatives
        and certificate.not_valid_after_utc > now + RENEW_BEFORE
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    validity: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _leaf(
    common_name: str,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    validity: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    """What every certificate but the authority's own begins with."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        _builder(name, ca.subject, key, ca_key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_file(path))
    except ValueError as error:
        raise PkiError(
            f"{path}: a damaged certificate; restore it from the backup of the pki folder,"
            " or move it away and run hub seal recover with the escrow"
        ) from error


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key: object = None
    with suppress(ValueError):  # empty or cut short: its text names neither the file nor a cure
        key = load_pem_private_key(read_file(path), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PkiError(
            f"{path}: not an elliptic curve key, or damaged; restore it from the backup of the pki folder,"
            " or move it away and run hub seal recover with the escrow"
        )
    return key


def _load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.exists():
        return _load_key(path)
    key = ec.generate_private_key(ec.SECP256R1())
    write_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    return key
