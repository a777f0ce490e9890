"""What the kernel knows of interfaces and routes, as `ip -json` tells it (core), and the one route of ours.

NetworkManager gives every link a default route with a metric of its own. Ours, with a smaller metric, is a
copy of the one of the link that is used: nothing of NetworkManager's is touched, and without us its order
holds again. Source: ip-route(8); net/core/rtnetlink.c for the flags.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from edge.network.told import Ailing, Ailment

METRIC: Final = "10"  # NetworkManager's begin at 100
PROTOCOL: Final = "177"  # nobody's in /etc/iproute2/rt_protos: by this the route is known as ours
NARROW_MTU: Final = "576"  # what every host takes (RFC 791)
_OURS: Final = ("metric", METRIC, "proto", PROTOCOL)
Family = Literal[4, 6]
FAMILIES: Final[tuple[Family, ...]] = (4, 6)


@dataclass(frozen=True, slots=True)
class Route:
    """A default route. `interface` "": it leads nowhere. `gateway` None: the other end is the gateway."""

    interface: str
    gateway: str | None = None
    metric: int = 0
    is_onlink: bool = False
    is_narrow: bool = False


@dataclass(frozen=True, slots=True)
class InterfaceNow:
    """One interface. `bytes_both`: received and sent since it is there."""

    has_carrier: bool
    addresses: tuple[str, ...]  # those that reach beyond the cable
    bytes_both: int = 0
    routes: Mapping[Family, Route] = field(default_factory=dict)

    def lacks(self) -> Ailing | None:
        """Return what it lacks to carry anything; None: nothing."""
        if not self.has_carrier:
            return Ailing(ailment=Ailment.NO_CARRIER)
        if not self.addresses:
            return Ailing(ailment=Ailment.NO_ADDRESS)
        return None if self.routes else Ailing(ailment=Ailment.NO_ROUTE)


@dataclass(frozen=True, slots=True)
class Kernel:
    """All interfaces by name, and our own route of each family."""

    interfaces: Mapping[str, InterfaceNow]
    ours: Mapping[Family, Route]

    def has_default(self, family: Family) -> bool:
        """Whether any link has a default route of that family."""
        return any(family in one.routes for one in self.interfaces.values())


def parse_kernel(addresses: str, routes: Mapping[Family, str]) -> Kernel:
    """Return what `ip -json -stats address` and `ip -json -4 route show default` said. Raises ValueError."""
    ours: dict[Family, Route] = {}
    found: dict[str, dict[Family, Route]] = {}
    for family, text in routes.items():
        for entry in _list(text):
            route = _route(entry)
            if str(entry.get("protocol")) == PROTOCOL:
                ours[family] = route
            elif route.interface:
                of_link = found.setdefault(route.interface, {})
                if family not in of_link or route.metric < of_link[family].metric:
                    of_link[family] = route
    interfaces = {
        str(entry["ifname"]): InterfaceNow(
            has_carrier="LOWER_UP" in entry.get("flags", ()),
            addresses=tuple(
                str(one["local"]) for one in entry.get("addr_info", ()) if one.get("scope") == "global"
            ),
            bytes_both=_bytes_both(entry),
            routes=found.get(str(entry["ifname"]), {}),
        )
        for entry in _list(addresses)
        if "ifname" in entry
    }
    return Kernel(interfaces, ours)


def route_changes(used: str | None, kernel: Kernel, *, is_narrow: bool = False) -> list[list[str]]:
    """Return the arguments of each `ip` that makes the interface `used` the way of all that leaves the box;
    None: NetworkManager's order holds. `is_narrow`: packets are kept at NARROW_MTU there.
    """
    now = None if used is None else kernel.interfaces.get(used)
    changes: list[list[str]] = []
    for family in FAMILIES:
        wanted = None
        if now is not None and (theirs := now.routes.get(family)) is not None:
            wanted = Route(
                theirs.interface, theirs.gateway, int(METRIC), theirs.is_onlink, is_narrow and family == 4
            )
        elif now is not None and kernel.has_default(family):
            wanted = Route("", None, int(METRIC))  # else it would leave by another link
        ours = kernel.ours.get(family)
        if wanted != ours:
            if ours is not None:
                kind = [] if ours.interface else ["unreachable"]
                changes.append([f"-{family}", "route", "del", *kind, "default", *_OURS])
            if wanted is not None:
                changes.append([f"-{family}", "route", "add", *_words(wanted)])
    return changes


def _words(route: Route) -> list[str]:
    if not route.interface:
        return ["unreachable", "default", *_OURS]
    return [
        "default",
        *(["via", route.gateway] if route.gateway else []),
        *["dev", route.interface, *_OURS],
        *(["onlink"] if route.is_onlink else []),
        *(["mtu", "lock", NARROW_MTU] if route.is_narrow else []),
    ]


def _route(entry: dict[str, Any]) -> Route:
    gateway = entry.get("gateway")
    is_nowhere = entry.get("type") == "unreachable"
    return Route(
        "" if is_nowhere else str(entry.get("dev", "")),  # of IPv6 it is said to lead to lo
        None if gateway is None else str(gateway),
        int(entry.get("metric", 0)),
        "onlink" in entry.get("flags", ()),
        bool(entry.get("metrics")),
    )


def _bytes_both(entry: dict[str, Any]) -> int:
    stats = entry.get("stats64", {})
    return sum(int(stats.get(way, {}).get("bytes", 0)) for way in ("rx", "tx"))


def _list(text: str) -> list[dict[str, Any]]:
    found = json.loads(text or "[]")
    if not isinstance(found, list):
        raise ValueError("`ip -json` did not say a list")
    return [one for one in found if isinstance(one, dict)]
