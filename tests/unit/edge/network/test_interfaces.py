import json

import pytest

from edge.network.interfaces import PROTOCOL, Kernel, parse_kernel, route_changes
from edge.network.told import Ailment

ADDRESSES = json.dumps(
    [
        {
            "ifname": "eth0",
            "flags": ["UP", "LOWER_UP"],
            "addr_info": [{"local": "10.0.0.2", "scope": "global"}, {"local": "fe80::1", "scope": "link"}],
            "stats64": {"rx": {"bytes": 70}, "tx": {"bytes": 30}},
        },
        {
            "ifname": "wwan0",
            "flags": ["UP", "LOWER_UP"],
            "addr_info": [{"local": "100.64.0.2", "scope": "global"}],
        },
        {"ifname": "wlan0", "flags": ["UP", "NO-CARRIER"], "addr_info": []},
        {"ifname": "eth1", "flags": ["UP", "LOWER_UP"], "addr_info": []},
    ]
)
CABLE = {
    "dst": "default",
    "gateway": "10.0.0.1",
    "dev": "eth0",
    "protocol": "dhcp",
    "metric": 100,
    "flags": [],
}
MOBILE = {"dst": "default", "dev": "wwan0", "metric": 700, "flags": []}
OURS = {
    "dst": "default",
    "gateway": "10.0.0.1",
    "dev": "eth0",
    "protocol": PROTOCOL,
    "metric": 10,
    "flags": [],
}
NOWHERE = {"type": "unreachable", "dst": "default", "dev": "lo", "protocol": PROTOCOL, "metric": 10}
SIX = {"dst": "default", "gateway": "fe80::9", "dev": "eth0", "protocol": "ra", "metric": 100, "flags": []}


def kernel(*four: object, six: tuple[object, ...] = ()) -> Kernel:
    return parse_kernel(ADDRESSES, {4: json.dumps(four), 6: json.dumps(six)})


def test_what_a_link_lacks_is_named_in_the_order_of_a_packets_way() -> None:
    now = kernel(CABLE, {**CABLE, "metric": 50, "gateway": "10.0.0.9"}).interfaces
    assert {name: one.lacks() and one.lacks().ailment for name, one in now.items()} == {  # type: ignore[union-attr]
        "eth0": None,
        "wwan0": Ailment.NO_ROUTE,
        "wlan0": Ailment.NO_CARRIER,
        "eth1": Ailment.NO_ADDRESS,
    }
    assert (now["eth0"].bytes_both, now["eth0"].addresses) == (100, ("10.0.0.2",))
    assert now["eth0"].routes[4].gateway == "10.0.0.9", "the route that the machine itself would take"


def test_our_route_is_a_copy_of_the_links_own_and_is_set_once() -> None:
    assert route_changes("eth0", kernel(CABLE, MOBILE)) == [
        ["-4", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0", "metric", "10", "proto", "177"]
    ]
    assert route_changes("eth0", kernel(OURS, CABLE, MOBILE)) == []


def test_another_link_takes_its_place_also_without_a_gateway() -> None:
    assert [" ".join(one) for one in route_changes("wwan0", kernel(OURS, CABLE, MOBILE))] == [
        "-4 route del default metric 10 proto 177",
        "-4 route add default dev wwan0 metric 10 proto 177",
    ]


def test_without_a_link_the_machines_own_order_holds() -> None:
    assert route_changes(None, kernel(OURS, CABLE)) == [
        ["-4", "route", "del", "default", "metric", "10", "proto", "177"]
    ]
    assert route_changes(None, kernel(CABLE)) == []


def test_nothing_leaves_by_another_link_in_the_other_family() -> None:
    changes = [" ".join(one) for one in route_changes("wwan0", kernel(CABLE, MOBILE, six=(SIX,)))]
    assert "-6 route add unreachable default metric 10 proto 177" in changes
    assert route_changes("eth0", kernel(OURS, CABLE, six=(NOWHERE, SIX))) == [
        ["-6", "route", "del", "unreachable", "default", "metric", "10", "proto", "177"],
        ["-6", "route", "add", "default", "via", "fe80::9", "dev", "eth0", "metric", "10", "proto", "177"],
    ]


def test_a_narrow_link_has_small_packets() -> None:
    (added,) = route_changes("eth0", kernel(CABLE), is_narrow=True)
    assert added[-3:] == ["mtu", "lock", "576"]
    narrow = {**OURS, "metrics": [{"mtu": 576}]}
    assert route_changes("eth0", kernel(narrow, CABLE), is_narrow=True) == []


@pytest.mark.parametrize("text", ["{}", "nonsense"])
def test_what_ip_does_not_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"list|Expecting"):
        parse_kernel(text, {})
