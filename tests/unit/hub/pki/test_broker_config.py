from pathlib import Path

from contract.limits import PACKET_MAX_BYTES, PAYLOAD_MAX_BYTES
from contract.topics import RULES
from hub.pki.broker_config import BrokerFiles, access_list, broker_config

FILES = BrokerFiles(
    ca=Path("/pki/ca.crt"),
    certificate=Path("/pki/broker.crt"),
    key=Path("/pki/broker.key"),
    revocations=Path("/pki/revoked.crl"),
    access_list=Path("/acl"),
)


def options(*, is_root: bool = False) -> dict[str, str]:
    text = broker_config(FILES, address="127.0.0.1", port=8883, is_root=is_root)
    lines = [line.partition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: value for name, _, value in lines if name != "log_type"}


def test_only_certificates_of_our_authority_open_the_one_listener() -> None:
    found = options()
    assert found["listener"] == "8883 127.0.0.1"
    assert found["require_certificate"] == found["use_identity_as_username"] == "true"
    assert found["use_username_as_clientid"] == "true"  # else a station could evict another
    assert found["allow_anonymous"] == "false"
    assert found["crlfile"] == "/pki/revoked.crl"
    assert found["tls_version"] == "tlsv1.2"
    assert found["persistence"] == "false"


def test_the_largest_payload_of_the_contract_fits_and_little_more() -> None:
    assert int(options()["max_packet_size"]) == PACKET_MAX_BYTES
    assert PAYLOAD_MAX_BYTES < PACKET_MAX_BYTES < PAYLOAD_MAX_BYTES + 1_024


def test_the_broker_stays_root_only_when_root_starts_it() -> None:
    assert "user" not in options()
    assert options(is_root=True)["user"] == "root"


def test_every_topic_of_the_table_is_covered_by_the_access_list() -> None:
    lines = access_list().splitlines()
    for rule in RULES.values():
        verb, head = ("write", "up") if rule.direction == "up" else ("read", "down")
        subtree = f"{head}/#" if "/" in rule.topic.value else rule.topic.value
        assert f"pattern {verb} v1/%u/{subtree}" in lines
    patterns = [line for line in lines if line.startswith("pattern")]
    assert len(patterns) == 3
    assert lines[-2:] == ["user hub", "topic readwrite v1/#"]
