"""What `edge network` and `edge vitals` tell one another, once a second over the control socket (core)."""

from enum import Enum
from typing import Final

from pydantic import BaseModel, ConfigDict

from edge.link_config import LinkClass, Period

QUESTION: Final = "network"


class Ailment(Enum):
    """What can be the matter with a link, in the order of a packet's way."""

    NO_CARRIER = "no carrier"
    NO_ADDRESS = "no address"
    NO_ROUTE = "no route"
    ROUTER_SILENT = "router silent"
    DNS_DEAD = "DNS dead"
    CAPTIVE_PORTAL = "captive portal"
    STRANGER = "not our hub"
    HUB_CERTIFICATE = "hub's certificate"
    ONLY_443 = "only 443 passes"
    LARGE_LOST = "large packets vanish"
    HUB_SILENT = "hub silent"
    BUDGET_SPENT = "budget used up"


class Ailing(BaseModel):
    """One thing that is the matter. `detail`: what was seen; may be empty."""

    model_config = ConfigDict(frozen=True)

    ailment: Ailment
    detail: str = ""


class LinkNow(BaseModel):
    """One link. `standing`: edge.network.standing.Standing by name. `budget_bytes` None: it has none;
    `used_bytes`: in the period of now.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    interface: str
    kind: LinkClass
    is_metered: bool
    is_configured: bool
    addresses: tuple[str, ...] = ()
    standing: str
    is_reached: bool = False  # the hub, by the last probe or by the box's own connection
    ailments: tuple[Ailing, ...] = ()
    budget_bytes: int | None = None
    budget_per: Period | None = None
    used_bytes: int = 0

    @property
    def left_bytes(self) -> int | None:
        """What is left of the budget; None: it has none."""
        return None if self.budget_bytes is None else max(0, self.budget_bytes - self.used_bytes)

    def has(self, ailment: Ailment) -> bool:
        """Whether that is the matter with it."""
        return any(one.ailment is ailment for one in self.ailments)


class NetworkNow(BaseModel):
    """All links, the best first, and which is used."""

    model_config = ConfigDict(frozen=True)

    links: tuple[LinkNow, ...] = ()
    used: str | None = None

    @property
    def used_link(self) -> LinkNow | None:
        """The link that is used."""
        return next((link for link in self.links if link.name == self.used), None)

    @property
    def is_spent(self) -> bool:
        """Whether the budget of the link that is used is used up."""
        return self.used_link is not None and self.used_link.left_bytes == 0


class VitalsWord(BaseModel):
    """What `edge vitals` answers. `is_connected`: by the link that is used; `owes_call`: something of a call
    waits for the hub; `utc_ms`: the hub's time, None while the box is not tied to it.
    """

    model_config = ConfigDict(frozen=True)

    is_connected: bool = False
    is_in_call: bool = False
    owes_call: bool = False
    utc_ms: int | None = None
