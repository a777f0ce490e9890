"""What a link is like, each way: rate over time, delay, jitter, loss, queue (core).

Profiles by name stand in `known.py`; `profile_of` reads the JSON that link profiles are exchanged in, where
`ab` is the way up (station to hub) and `ba` the way down.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

_TOP: Final = {"name", "duration", "desc", "ref", "ab", "ba", "flows", "stagger", "tcp"}
_WAY: Final = {
    "rate_kbps",
    "loop_s",
    "delay_ms",
    "jitter_ms",
    "loss",
    "ge",
    "queue_ms",
    "queue_bytes",
    "seed",
    "spells",
}


class ProfileError(Exception):
    """A profile cannot be used. The text names the profile and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Loss in bursts (Gilbert-Elliott): one step a packet between a good and a bad state. All are 0 … 1."""

    to_bad: float
    to_good: float
    lost_in_bad: float = 1.0
    lost_in_good: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From this second on, until the next one, what leaves the queue fares so, and not as its `Way` says."""

    from_s: float
    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    burst: Burst | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction. `rate`: (from this second on, bit/s), repeated every `repeat_s`; 0 carries nothing.

    The queue drops its tail: at `queue_bytes`, or at `queue_s` of the present rate. Jitter is added to the
    delay, evenly between 0 and `jitter_s`, and never reorders. Loss is after the queue. `spells`, in order of
    time and never repeated, are other delay, jitter and loss.
    """

    rate: tuple[tuple[float, float], ...]
    repeat_s: float | None = None
    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    burst: Burst | None = None
    queue_s: float = 0.3
    queue_bytes: int | None = None
    seed: int = 1
    spells: tuple[Spell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpFlow:
    """A long download of somebody else in the direction up, with this congestion control of the kernel's."""

    begins_s: float
    ends_s: float
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A link. `only_tcp_port`: nothing but TCP with this port at one end passes, as behind a strict wall."""

    name: str
    up: Way
    down: Way
    seconds: float = 60.0
    flows: int = 1
    stagger_s: float = 0.0
    tcp: tuple[TcpFlow, ...] = ()
    only_tcp_port: int | None = None

    def behind_a_wall(self, port: int) -> "Profile":
        """Return the same link where only TCP of this port passes."""
        return replace(self, only_tcp_port=port)


def steady(
    bps: float,
    *,
    delay_s: float,
    queue_s: float = 0.3,
    loss: float = 0.0,
    seed: int = 1,
    jitter_s: float = 0.0,
) -> Way:
    """Return a direction of one rate."""
    return Way(rate=((0.0, bps),), delay_s=delay_s, queue_s=queue_s, loss=loss, seed=seed, jitter_s=jitter_s)


def profile_of(document: dict[str, Any]) -> Profile:
    """Return the profile that a JSON document describes. Raises ProfileError."""
    name = str(document.get("name", "without a name"))
    if unknown := set(document) - _TOP - {"only_tcp_port"}:
        raise ProfileError(f"profile {name}: {', '.join(sorted(unknown))}: not a key of a profile")
    try:
        return Profile(
            name=name,
            up=_way(document["ab"]),
            down=_way(document["ba"]),
            seconds=float(document.get("duration", 60)),
            flows=int(document.get("flows", 1)),
            stagger_s=float(document.get("stagger", 0)),
            tcp=tuple(
                TcpFlow(begins_s=float(one["start"]), ends_s=float(one["stop"]), control=str(one["cc"]))
                for one in document.get("tcp", ())
            ),
            only_tcp_port=document.get("only_tcp_port"),
        )
    except KeyError as error:
        raise ProfileError(f"profile {name}: {error.args[0]} is missing") from error
    except (TypeError, ValueError) as error:
        raise ProfileError(f"profile {name}: {error}") from error


def _way(document: dict[str, Any]) -> Way:
    if unknown := set(document) - _WAY:
        raise ValueError(f"{', '.join(sorted(unknown))}: not a key of a direction")
    rate, spells = document["rate_kbps"], document.get("spells", ())
    steps = rate if isinstance(rate, list) else [[0, rate]]
    if not steps or any(bps < 0 for _, bps in steps) or steps != sorted(steps, key=lambda step: step[0]):
        raise ValueError("rate_kbps: expected a number, or steps [[second, kbit/s], …] in order of time")
    if list(spells) != sorted(spells, key=lambda spell: spell["from"]):
        raise ValueError("spells: expected them in order of time")
    return Way(
        rate=tuple((float(from_s), float(kbps) * 1_000) for from_s, kbps in steps),
        repeat_s=document.get("loop_s"),
        queue_s=document.get("queue_ms", 300) / 1_000,
        queue_bytes=document.get("queue_bytes"),
        seed=document.get("seed", 1),
        spells=tuple(Spell(from_s=float(one["from"]), **_fares(one)) for one in spells),
        **_fares(document),
    )


def _fares(document: dict[str, Any]) -> dict[str, Any]:
    burst = document.get("ge")
    return {
        "delay_s": document.get("delay_ms", 0) / 1_000,
        "jitter_s": document.get("jitter_ms", 0) / 1_000,
        "loss": document.get("loss", 0.0),
        "burst": burst
        and Burst(
            to_bad=burst["p"],
            to_good=burst["r"],
            lost_in_bad=burst.get("bad", 1.0),
            lost_in_good=burst.get("good", 0.0),
        ),
    }


def document_of(profile: Profile) -> dict[str, Any]:
    """Return the JSON document from which `profile_of` makes this profile again."""
    return {
        "name": profile.name,
        "duration": profile.seconds,
        "ab": _way_document(profile.up),
        "ba": _way_document(profile.down),
        "flows": profile.flows,
        "stagger": profile.stagger_s,
        "tcp": [{"start": one.begins_s, "stop": one.ends_s, "cc": one.control} for one in profile.tcp],
        "only_tcp_port": profile.only_tcp_port,
    }


def _way_document(way: Way) -> dict[str, Any]:
    return {
        "rate_kbps": [[from_s, bps / 1_000] for from_s, bps in way.rate],
        "loop_s": way.repeat_s,
        "queue_ms": way.queue_s * 1_000,
        "queue_bytes": way.queue_bytes,
        "seed": way.seed,
        "spells": [{"from": one.from_s, **_fares_document(one)} for one in way.spells],
        **_fares_document(way),
    }


def _fares_document(one: Way | Spell) -> dict[str, Any]:
    document: dict[str, Any] = {
        "delay_ms": one.delay_s * 1_000,
        "jitter_ms": one.jitter_s * 1_000,
        "loss": one.loss,
    }
    if one.burst is not None:
        document["ge"] = {
            "p": one.burst.to_bad,
            "r": one.burst.to_good,
            "bad": one.burst.lost_in_bad,
            "good": one.burst.lost_in_good,
        }
    return document
