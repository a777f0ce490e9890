"""Which key of the hub this box seals to (core): the newest of those that it was given, never an older one.

One it was given at its enrolment, in a file; newer ones the hub has offered since, signed by the authority
whose certificate the box holds. The offer that was taken is kept as it came, a fact of the spool, so that it
is checked again at each start: a box that was enrolled at another hub holds another authority's certificate,
and forgets it.
"""

from contextlib import suppress
from typing import Any, Final

from contract.errors import Refusal, RefusedError
from contract.seal_offers import check_offer
from contract.sealing import HubKey
from contract.signals import SealKey, encode_signal, parse_signal

HUB_KEY_FACT: Final = "hub seal key"  # the offer, as JSON


class HubKeys:
    """The hub's key of now. `refused_count` and `refused_text` tell of offers that were not taken."""

    def __init__(self, enrolled: HubKey, *, kept: Any, ca_pem: bytes) -> None:
        """`kept` is the fact, None when there is none; `ca_pem` the certificate of the box's authority."""
        self.current = enrolled
        self.refused_count = 0
        self.refused_text = ""
        if isinstance(kept, str):
            with suppress(RefusedError):  # of the hub before, or damaged: what the file says is what counts
                self.current = self.consider(kept_offer(kept), ca_pem=ca_pem) or enrolled

    def consider(self, offer: SealKey, *, ca_pem: bytes) -> HubKey | None:
        """Return the key to change to; None: it is the one that we have. Raises RefusedError, which is not
        counted yet.
        """
        hub_key = check_offer(offer, ca_pem=ca_pem)
        if hub_key.number < self.current.number:
            text = f"the hub offers seal key {hub_key.number}, older than {self.current.number}"
            raise RefusedError(Refusal.OTHER_CONTENT, text)
        return hub_key if hub_key.number > self.current.number else None

    def refuse(self, error: RefusedError) -> None:
        """An offer was not taken."""
        self.refused_count += 1
        self.refused_text = str(error)


def offer_fact(offer: SealKey) -> dict[str, str]:
    """Return the fact that keeps an offer."""
    return {HUB_KEY_FACT: encode_signal(offer).decode()}


def kept_offer(text: str) -> SealKey:
    """Return the offer that `offer_fact` keeps. Raises RefusedError."""
    offer = parse_signal(text.encode())
    if not isinstance(offer, SealKey):
        raise RefusedError(Refusal.MALFORMED, "what is kept is no seal key")
    return offer
