"""What `edge doctor` says of the links (core): which one is used, what each lacks, and what to do."""

from collections.abc import Iterator
from typing import Final

from edge.health.report import Finding
from edge.network.standing import Standing
from edge.network.told import Ailing, Ailment, LinkNow, NetworkNow

PART: Final = "network"
LATE_S: Final = 30.0  # `edge network` tells us once a second
_KEPT: Final = "what is captured is kept, and the button works when a link is back"
_REMEDIES: Final = {
    Ailment.NO_ADDRESS: "look at the router or modem: it gives out addresses (DHCP); start it anew",
    Ailment.NO_ROUTE: "look at the router or modem: it names no way out; start it anew",
    Ailment.ROUTER_SILENT: "start the router or modem anew; then its provider",
    Ailment.DNS_DEAD: "ask the network's owner for a name server that works; without a kept address, put the "
    "hub's into [hub] host",
    Ailment.CAPTIVE_PORTAL: "log in there from a telephone or laptop on the same network, or have its owner "
    "let this box through",
    Ailment.STRANGER: "have the network's owner let the box's connections through unopened; check [hub] host",
    Ailment.HUB_CERTIFICATE: "tell the hub's operator: its certificate must be for this name, and be renewed",
    Ailment.ONLY_443: "nothing to do while the link is connected; else ask the owner to open the hub's port",
    Ailment.LARGE_LOST: "nothing to do: packets are kept small; tell the provider, other devices suffer",
    Ailment.HUB_SILENT: "if a telephone on the same network has internet, ask the hub's operator; else start "
    "the router or modem anew",
    Ailment.BUDGET_SPENT: "nothing to do: calls and vital signs go on, waveforms wait for the next period or "
    "another link; or raise budget_mb",
}
_NO_CARRIER: Final = {
    "ethernet": "plug its cable in at both ends; change the cable",
    "wifi": "is the access point on? check its name and password ([[wifi]] of haidang-box.txt)",
    "mobile": "look at the SIM, the aerial and the modem's light",
    "satellite": "is the terminal on? plug its cable in at both ends",
}
_HARMLESS: Final = frozenset({Ailment.ONLY_443, Ailment.LARGE_LOST})  # where the hub is reached all the same


def network_findings(now: NetworkNow | None, *, age_s: float) -> Iterator[Finding]:
    """Yield what is to be said. `now` None: `edge network` has said nothing since the start, and need not
    run; `age_s`: how long ago it did.
    """
    if now is None:
        return
    if age_s > LATE_S:
        text = f"`edge network` has said nothing for {age_s:.0f} s: no link takes over from another"
        yield Finding(part=PART, is_well=False, text=text, remedy="systemctl status haidang-network")
        return
    if not now.links:
        remedy = "plug a network cable or a modem in"
        yield Finding(part=PART, is_well=False, text="there is no link at all", remedy=remedy)
    for link in now.links:
        yield from _of_link(link, is_used=link.name == now.used)


def _of_link(link: LinkNow, *, is_used: bool) -> Iterator[Finding]:
    where = link.name if link.name == link.interface else f"{link.name} ({link.interface})"
    where += ", used" if is_used else ""
    if not link.is_configured and not is_used and link.has(Ailment.NO_CARRIER):
        return  # a socket that nobody uses
    if not link.ailments:
        is_well = link.standing != Standing.BAD.name
        text = f"{where}: {Standing[link.standing].value}{_bytes(link)}"
        yield Finding(part=PART, is_well=is_well, text=text, remedy="" if is_well else _KEPT)
    for one in link.ailments:
        is_well = one.ailment in _HARMLESS and link.is_reached
        text = f"{where}: {_said(one)}{_bytes(link) if one.ailment is Ailment.BUDGET_SPENT else ''}"
        remedy = _NO_CARRIER[link.kind] if one.ailment is Ailment.NO_CARRIER else _REMEDIES[one.ailment]
        yield Finding(part=PART, is_well=is_well, text=text, remedy="" if is_well else remedy)


def _said(one: Ailing) -> str:
    return f"{one.ailment.value}: {one.detail}" if one.detail else one.ailment.value


def _bytes(link: LinkNow) -> str:
    metered = ", metered" if link.is_metered else ""
    if link.budget_bytes is None:
        return metered
    used, limit = link.used_bytes / 1e6, link.budget_bytes / 1e6
    return f"{metered}, {used:.0f} of {limit:.0f} MB of this {link.budget_per} used"
