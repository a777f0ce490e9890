"""Certificates and keys of one installation, in real files, used by a real TLS handshake."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from contract.ids import StationId
from hub.pki.authority import Authority
from hub.pki.files import PkiError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CON_DAO = StationId("con-dao-01")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path / "pki")
    authority.make(names=("hub.example.vn", "10.0.0.7"), now=NOW)
    return authority


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def extension(found: x509.Certificate, name: str) -> object:
    return next(one.value for one in found.extensions if one.oid._name == name)


def test_making_it_again_changes_nothing(authority: Authority) -> None:
    before = contents(authority.folder)
    authority.make(names=("hub.example.vn", "10.0.0.7"), now=NOW + timedelta(days=300))
    assert contents(authority.folder) == before
    authority.check()


def test_keys_are_for_their_owner_only(authority: Authority, tmp_path: Path) -> None:
    authority.enrol(CON_DAO, tmp_path / "box", now=NOW)
    keys = [*authority.folder.glob("*.key"), *(tmp_path / "box").glob("*.key")]
    assert len(keys) == 6
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (authority.folder, tmp_path / "box")} == {0o700}


def test_a_new_name_or_an_early_end_renews_the_servers_certificates_and_nothing_else(
    authority: Authority,
) -> None:
    before = contents(authority.folder)
    authority.make(names=("hub.example.vn", "10.0.0.7"), now=NOW + timedelta(days=380))
    after = contents(authority.folder)
    assert {name for name in before if before[name] != after[name]} == {"console.crt"}
    authority.make(names=("other.example.vn",), now=NOW)
    renamed = contents(authority.folder)
    assert {name for name in after if after[name] != renamed[name]} == {"console.crt", "broker.crt"}


def test_a_box_whose_clock_says_1970_or_2040_may_connect(authority: Authority, tmp_path: Path) -> None:
    box = authority.enrol(CON_DAO, tmp_path / "box", now=NOW)
    for path in (authority.ca, authority.pair("broker")[0], authority.pair("hub")[0], box.certificate):
        found = certificate(path)
        assert found.not_valid_before_utc.year == 1970
        assert found.not_valid_after_utc.year >= 2049


def test_browsers_get_a_certificate_no_longer_than_they_accept(authority: Authority) -> None:
    found = certificate(authority.pair("console")[0])
    assert found.not_valid_before_utc < NOW < found.not_valid_after_utc
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "hub.example.vn", "10.0.0.7"])
def test_the_broker_is_known_by_every_name_of_the_machine(authority: Authority, name: str) -> None:
    handshake(authority, name)


def test_the_broker_is_not_taken_for_another_machine(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(authority, "10.0.0.8")


def handshake(authority: Authority, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.pair("broker"))
    client = ssl.create_default_context(cafile=str(authority.ca))
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does by itself
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except ssl.SSLError:
            far.close()  # the client turned us down

    thread = threading.Thread(target=serve)
    thread.start()
    secure = client.wrap_socket(near, server_hostname=name, do_handshake_on_connect=False)
    try:
        secure.do_handshake()
    finally:
        secure.close()
        thread.join()


def test_enrolling_again_keeps_the_boxs_key(authority: Authority, tmp_path: Path) -> None:
    first = authority.enrol(CON_DAO, tmp_path / "box", now=NOW)
    before = contents(tmp_path / "box")
    assert authority.enrol(CON_DAO, tmp_path / "box", now=NOW) == first
    assert contents(tmp_path / "box") == before
    public = X25519PublicKey.from_public_bytes(first.seal_key.read_bytes())
    assert authority.seal_keys.newest().public.public_bytes_raw() == public.public_bytes_raw()


def test_credentials_for_many_are_such_as_a_box_is_given(authority: Authority, tmp_path: Path) -> None:
    names = [CON_DAO, StationId("cat-hai-01")]
    issued = list(authority.issue(names))
    assert [one.station for one in issued] == names
    enrolled = certificate(authority.enrol(CON_DAO, tmp_path / "box", now=NOW).certificate)
    found = x509.load_der_x509_certificate(issued[0].certificate)
    assert (found.subject, found.issuer) == (enrolled.subject, enrolled.issuer)
    found.verify_directly_issued_by(certificate(authority.ca))
    for name in ("keyUsage", "extendedKeyUsage", "basicConstraints"):
        assert extension(found, name) == extension(enrolled, name)
    key = load_der_private_key(issued[0].key, password=None)
    assert key.public_key() == found.public_key() != enrolled.public_key()


def test_an_interrupted_making_is_finished_by_the_next(authority: Authority) -> None:
    for name in ("ca.crt", "broker.key", "hub.crt", "seal.pub"):
        (authority.folder / name).unlink()
        if name == "ca.crt":
            (authority.folder / "broker.crt").unlink()
    authority.make(names=(), now=NOW)
    handshake(authority, "localhost")


def test_lost_secrets_are_not_made_anew_behind_anybodys_back(authority: Authority) -> None:
    (authority.folder / "seal.key").unlink()
    with pytest.raises(PkiError, match=r"seal\.key is gone.*restore the backup"):
        authority.make(names=(), now=NOW)
    (authority.folder / "ca.key").unlink()
    with pytest.raises(PkiError, match=r"ca\.key is gone.*restore the backup"):
        authority.make(names=(), now=NOW)


def test_a_damaged_seal_key_is_named(authority: Authority) -> None:
    (authority.folder / "seal.key").write_bytes(b"short")
    with pytest.raises(PkiError, match=r"seal\.key: 5 bytes"):
        authority.check()


@pytest.mark.parametrize("name", ["ca", "hub", "console"])
def test_a_damaged_key_is_named_before_the_hub_starts(authority: Authority, name: str) -> None:
    _, key = authority.pair(name)
    key.write_bytes(key.read_bytes()[:40])
    with pytest.raises(PkiError, match=rf"{name}\.key: not an elliptic curve key, or damaged; restore"):
        authority.check()


@pytest.mark.parametrize("name", ["ca", "hub", "console"])
def test_a_damaged_certificate_is_named_before_the_hub_starts(authority: Authority, name: str) -> None:
    certificate, _ = authority.pair(name)
    certificate.write_bytes(certificate.read_bytes()[:100])
    with pytest.raises(PkiError, match=rf"{name}\.crt: a damaged certificate; restore"):
        authority.check()
    with pytest.raises(PkiError, match=rf"{name}\.crt: a damaged certificate; restore"):
        authority.make(names=(), now=NOW)
