"""Which key of the hub a box seals to: the newest that its authority signed, whatever happens between."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.errors import Refusal, RefusedError
from contract.seal_offers import make_offer
from contract.sealing import HubKey
from contract.signals import Interest, SealKey, encode_signal
from edge.spool.hub_keys import HUB_KEY_FACT, HubKeys, offer_fact
from tests.unit.contract.test_seal_offers import CA_PEM, certificate, sign

KEYS = {number: HubKey(number, X25519PrivateKey.generate().public_key()) for number in (1, 2, 3)}


def offer(number: int) -> SealKey:
    return make_offer(KEYS[number], sign=sign)


def kept(number: int) -> str:
    return offer_fact(offer(number))[HUB_KEY_FACT]


def test_a_box_that_was_offered_nothing_seals_to_what_it_was_given_at_its_enrolment() -> None:
    assert HubKeys(KEYS[2], kept=None, ca_pem=CA_PEM).current == KEYS[2]


def test_a_newer_key_is_to_be_taken_the_same_is_no_news_and_an_older_one_is_refused() -> None:
    keys = HubKeys(KEYS[2], kept=None, ca_pem=CA_PEM)
    assert keys.consider(offer(3), ca_pem=CA_PEM) == KEYS[3]
    assert keys.consider(offer(2), ca_pem=CA_PEM) is None
    with pytest.raises(RefusedError, match="seal key 1, older than 2") as caught:
        keys.consider(offer(1), ca_pem=CA_PEM)
    assert caught.value.refusal is Refusal.OTHER_CONTENT
    assert keys.current == KEYS[2]


def test_a_key_that_another_authority_signed_is_refused() -> None:
    keys = HubKeys(KEYS[1], kept=None, ca_pem=CA_PEM)
    unsigned = offer(3).model_copy(update={"signature": b"\x30\x00"})
    with pytest.raises(RefusedError, match="not signed"):
        keys.consider(unsigned, ca_pem=CA_PEM)
    with pytest.raises(RefusedError, match="cannot be read"):
        keys.consider(offer(3), ca_pem=b"")


def test_what_was_kept_counts_after_a_restart_unless_the_file_has_a_newer_one() -> None:
    assert HubKeys(KEYS[1], kept=kept(3), ca_pem=CA_PEM).current == KEYS[3]
    assert HubKeys(KEYS[2], kept=kept(2), ca_pem=CA_PEM).current == KEYS[2]
    assert HubKeys(KEYS[3], kept=kept(2), ca_pem=CA_PEM).current == KEYS[3]


def bad_facts() -> Iterator[object]:
    yield "not JSON"
    yield encode_signal(Interest(lease_s=1)).decode()
    yield {"number": 3}
    yield kept(3).replace('"number":3', '"number":2')


@pytest.mark.parametrize("fact", list(bad_facts()))
def test_a_kept_key_that_is_damaged_is_forgotten(fact: object) -> None:
    assert HubKeys(KEYS[1], kept=fact, ca_pem=CA_PEM).current == KEYS[1]


def test_a_box_that_was_enrolled_at_another_hub_forgets_the_keys_of_the_hub_before() -> None:
    another = certificate(ec.generate_private_key(ec.SECP256R1()))
    assert HubKeys(KEYS[1], kept=kept(3), ca_pem=another).current == KEYS[1]


def test_refusals_are_counted_and_the_last_is_told() -> None:
    keys = HubKeys(KEYS[1], kept=None, ca_pem=CA_PEM)
    keys.refuse(RefusedError(Refusal.SEAL_BROKEN, "one"))
    keys.refuse(RefusedError(Refusal.SEAL_BROKEN, "two"))
    assert (keys.refused_count, keys.refused_text) == (2, "seal_broken: two")
