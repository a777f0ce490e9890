"""What a probe of a link has seen, and what that means (core)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from edge.network.told import Ailing, Ailment

HTTPS_PORT: Final = 443
_LOGIN_WANTED: Final = 511  # Network Authentication Required (RFC 6585)


class Answer(Enum):
    """Who answered a greeting of TLS, and how."""

    HUB = auto()
    CONSOLE = auto()  # the hub's, with a certificate that browsers know; not where a press goes
    STRANGER = auto()  # a certificate that no authority of ours has signed
    OTHER_NAME = auto()  # our authority's, for another name
    NO_TLS = auto()  # something, but no TLS
    CUT = auto()  # the connection was ended in the midst
    REFUSED = auto()  # the connection was
    SILENT = auto()  # no connection came to be
    STUCK = auto()  # it did, and then nothing came
    UNREACHABLE = auto()  # the kernel or a router says so


ANSWERS_NOT: Final = {
    Answer.CONSOLE: "only the hub's console answers",
    Answer.STRANGER: "somebody whose certificate is not our hub's answers there",
    Answer.OTHER_NAME: "its certificate is for another name",
    Answer.NO_TLS: "what answers there speaks no TLS",
    Answer.CUT: "connections are ended before they are secure",
    Answer.REFUSED: "its machine answers, but nobody listens there",
    Answer.SILENT: "nothing comes back",
    Answer.STUCK: "it takes connections and says nothing",
    Answer.UNREACHABLE: "there is no way to it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe saw. `main`: at the hub's port; `https`: at 443; `small`, `full`: at the hub's port with
    packets much smaller than ours, and as large as they come. None: not tried. `portal`: where plain HTTP is
    led to. `is_over`: the hub's certificate has ended, by the hub's own time.
    """

    where: str  # host:port
    main: Answer | None = None  # None: no address is known
    https: Answer | None = None
    small: Answer | None = None
    full: Answer | None = None
    portal: str | None = None
    is_name_dead: bool = False
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_reached`: the hub proved itself. `is_narrow`: with small packets only."""

    is_reached: bool
    is_narrow: bool = False
    ailments: tuple[Ailing, ...] = ()


def verdict_of(seen: Seen) -> Verdict:
    """Return what it means."""
    is_narrow = seen.main is not Answer.HUB and seen.small is Answer.HUB
    is_reached = is_narrow or Answer.HUB in (seen.main, seen.https)
    return Verdict(is_reached, is_narrow, tuple(_ailments(seen, is_reached=is_reached)))


def _ailments(seen: Seen, *, is_reached: bool) -> Iterator[Ailing]:
    if seen.is_name_dead:
        kept = "no address of it is kept" if seen.main is None else "its last good address is used"
        yield Ailing(ailment=Ailment.DNS_DEAD, detail=kept)
    if seen.main is Answer.HUB and seen.is_over:
        yield Ailing(ailment=Ailment.HUB_CERTIFICATE, detail="it has ended, by the hub's own time")
    if seen.small is Answer.HUB:
        yield Ailing(ailment=Ailment.LARGE_LOST, detail="of more than 576 bytes")
    elif seen.full is Answer.STUCK:
        yield Ailing(ailment=Ailment.LARGE_LOST, detail="of more than 1,280 bytes; ours are smaller")
    if seen.main in (None, Answer.HUB) or seen.small is Answer.HUB:
        return
    if seen.https in (Answer.HUB, Answer.CONSOLE):
        lacks = "" if is_reached else ", and at 443 the hub takes no boxes ([front] of hub.toml)"
        yield Ailing(ailment=Ailment.ONLY_443, detail=f"{seen.where}: {ANSWERS_NOT[seen.main]}{lacks}")
    elif seen.portal is not None:
        yield Ailing(ailment=Ailment.CAPTIVE_PORTAL, detail=seen.portal)
    elif not is_reached:
        told = Answer.STRANGER if seen.https is Answer.STRANGER else seen.main
        yield Ailing(ailment=_KINDS.get(told, Ailment.HUB_SILENT), detail=ANSWERS_NOT[told])


_KINDS: Final = {
    Answer.STRANGER: Ailment.STRANGER,
    Answer.OTHER_NAME: Ailment.HUB_CERTIFICATE,
    Answer.UNREACHABLE: Ailment.ROUTER_SILENT,
}


def portal_of(answer: bytes, *, host: str) -> str | None:
    """Return who wants a login, of an answer to plain HTTP that the hub was asked: nobody when it leads to
    the hub itself, or is no answer of HTTP.
    """
    head, _, _ = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii", "replace").split("\r\n")
    words = status.split(" ")
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        return None
    named = [line.partition(":") for line in lines]
    place = next((value.strip() for name, _, value in named if name.lower() == "location"), "")
    if words[1].startswith("3") and (leads_to := _host_in(place)) and leads_to != host.lower():
        return leads_to
    return "a login page" if int(words[1]) == _LOGIN_WANTED else None


def _host_in(place: str) -> str:
    """Return the host of an address; empty: it leads nowhere else."""
    scheme, mark, rest = place.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        return ""
    host = rest.split("/")[0].split("?")[0].rpartition("@")[2]
    return (host if host.startswith("[") else host.partition(":")[0]).lower()[:253]
