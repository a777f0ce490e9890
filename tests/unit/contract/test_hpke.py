"""Our HPKE context against the RFC's own vectors, and against the library's HPKE in both directions."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contract import hpke
from contract.errors import Refusal, RefusedError, SealExhaustedError

VECTORS = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "hpke" / "rfc9180_a2_base.json").read_text(encoding="utf-8")
)
SETUP = {name: value for name, value in VECTORS["setup"].items() if isinstance(value, str)}
LIBRARY = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
RECEIVER = X25519PrivateKey.from_private_bytes(bytes.fromhex(SETUP["skRm"]))
INFO = bytes.fromhex(SETUP["info"])


def sender() -> hpke.SenderContext:
    """The RFC's sender, whose ephemeral key is known."""
    ephemeral = X25519PrivateKey.from_private_bytes(bytes.fromhex(SETUP["skEm"]))
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(SETUP["pkRm"]))
    enc, context = hpke.setup_sender(public, info=INFO, ephemeral=ephemeral)
    assert enc.hex() == SETUP["enc"] == SETUP["pkEm"]
    return context


def receiver() -> hpke.ReceiverContext:
    return hpke.setup_receiver(bytes.fromhex(SETUP["enc"]), RECEIVER, info=INFO)


@pytest.mark.parametrize("side", [sender, receiver])
def test_the_set_up_gives_the_secrets_of_the_rfc(side: Any) -> None:
    schedule = side()._schedule
    assert schedule.key.hex() == SETUP["key"]
    assert schedule.base_nonce.hex() == SETUP["base_nonce"]
    assert schedule.exporter_secret.hex() == SETUP["exporter_secret"]


def test_the_shared_secret_is_that_of_the_rfc() -> None:
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(SETUP["pkEm"]))
    context = bytes.fromhex(SETUP["enc"] + SETUP["pkRm"])
    assert hpke._shared_secret(RECEIVER, public, context).hex() == SETUP["shared_secret"]


def test_every_message_of_the_rfc_is_sealed_and_opened_at_its_place() -> None:
    ours, theirs = sender(), receiver()
    wanted = {one["seq"]: one for one in VECTORS["encryptions"]}
    assert sorted(wanted) == [0, 1, 2, 4, 255, 256]
    for seq in range(257):
        if seq not in wanted:
            assert theirs.open(ours.seal(b"between")) == b"between"
            continue
        text, associated, sealed, nonce = (
            bytes.fromhex(wanted[seq][name]) for name in ("pt", "aad", "ct", "nonce")
        )
        assert ours._schedule.nonce() == nonce
        assert ours.seal(text, associated=associated) == sealed
        assert theirs.open(sealed, associated=associated) == text


@pytest.mark.parametrize("side", [sender, receiver])
def test_every_exported_value_is_that_of_the_rfc(side: Any) -> None:
    context = side()
    assert len(VECTORS["exports"]) == 3
    for one in VECTORS["exports"]:
        exported = context.export(bytes.fromhex(one["exporter_context"]), one["L"])
        assert exported.hex() == one["exported_value"]
    assert len(context.export(b"more than one block", 100)) == 100


def test_the_library_opens_our_first_message_and_we_open_the_library_s() -> None:
    enc, context = hpke.setup_sender(RECEIVER.public_key(), info=b"an occasion")
    assert LIBRARY.decrypt(enc + context.seal(b"from us"), RECEIVER, info=b"an occasion") == b"from us"
    whole = LIBRARY.encrypt(b"to us", RECEIVER.public_key(), info=b"an occasion")
    theirs = hpke.setup_receiver(whole[: hpke.ENC_BYTES], RECEIVER, info=b"an occasion")
    assert theirs.open(whole[hpke.ENC_BYTES :]) == b"to us"


def test_the_library_and_we_do_not_open_one_another_on_another_occasion() -> None:
    enc, context = hpke.setup_sender(RECEIVER.public_key(), info=b"an occasion")
    with pytest.raises(InvalidTag):
        LIBRARY.decrypt(enc + context.seal(b"from us"), RECEIVER, info=b"another")
    whole = LIBRARY.encrypt(b"to us", RECEIVER.public_key(), info=b"an occasion")
    with pytest.raises(RefusedError):
        hpke.setup_receiver(whole[:32], RECEIVER, info=b"another").open(whole[32:])


def test_a_message_opens_in_its_turn_only_and_a_refused_one_takes_no_turn() -> None:
    ours, theirs = sender(), receiver()
    first, second = ours.seal(b"1", associated=b"a"), ours.seal(b"2", associated=b"a")
    for wrong, associated in ((second, b"a"), (first, b"b"), (first[:-1], b"a"), (b"", b"a")):
        with pytest.raises(RefusedError, match="message 0") as caught:
            theirs.open(wrong, associated=associated)
        assert caught.value.refusal is Refusal.SEAL_BROKEN
    assert theirs.open(first, associated=b"a") == b"1"
    assert theirs.open(second, associated=b"a") == b"2"
    with pytest.raises(RefusedError, match="message 2"):
        theirs.open(second, associated=b"a")


def test_two_set_ups_for_the_same_receiver_share_nothing() -> None:
    one, other = (hpke.setup_sender(RECEIVER.public_key(), info=INFO) for _ in range(2))
    assert one[0] != other[0]
    assert one[1].seal(b"the same") != other[1].seal(b"the same")


def test_a_context_ends_before_its_count_of_messages_turns_around() -> None:
    ours = sender()
    ours._schedule.seq = hpke.MESSAGES_MAX - 1
    ours.seal(b"the last")
    with pytest.raises(SealExhaustedError, match="set up another"):
        ours.seal(b"one too many")


@pytest.mark.parametrize("enc", [b"", bytes(31), bytes(33)])
def test_an_enc_of_another_length_is_refused(enc: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        hpke.setup_receiver(enc, RECEIVER, info=INFO)
    assert caught.value.refusal is Refusal.MALFORMED


def test_a_point_of_low_order_is_refused_on_both_sides() -> None:
    with pytest.raises(RefusedError, match="low order"):
        hpke.setup_receiver(bytes(32), RECEIVER, info=INFO)
    with pytest.raises(RefusedError, match="low order"):
        hpke.setup_sender(X25519PublicKey.from_public_bytes(bytes(32)), info=INFO)
