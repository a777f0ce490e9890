import pytest

from edge.network.findings import network_findings
from edge.network.standing import Standing
from edge.network.told import Ailing, Ailment, LinkNow, NetworkNow

WELL = LinkNow(
    name="cable",
    interface="eth0",
    kind="ethernet",
    is_metered=False,
    is_configured=True,
    standing=Standing.GOOD.name,
    is_reached=True,
)


def said(*links: LinkNow, used: str | None = "cable", age_s: float = 1.0) -> list[tuple[bool, str, str]]:
    found = network_findings(NetworkNow(links=links, used=used), age_s=age_s)
    return [(one.is_well, one.text, one.remedy) for one in found]


def test_a_link_that_is_well_is_told_with_its_bytes() -> None:
    budget = {"is_metered": True, "budget_bytes": 50_000_000, "budget_per": "day", "used_bytes": 7_000_000}
    assert said(WELL) == [(True, "cable (eth0), used: reaches the hub", "")]
    assert said(WELL.model_copy(update=budget))[0][1].endswith("hub, metered, 7 of 50 MB of this day used")


@pytest.mark.parametrize("ailment", Ailment)
def test_each_ailment_is_one_finding_with_what_to_do(ailment: Ailment) -> None:
    ill = WELL.model_copy(update={"ailments": (Ailing(ailment=ailment, detail="so"),), "is_reached": False})
    ((is_well, text, remedy),) = said(ill)
    assert not is_well
    assert text.startswith(f"cable (eth0), used: {ailment.value}: so")
    assert len(remedy) > 20


@pytest.mark.parametrize("ailment", [Ailment.ONLY_443, Ailment.LARGE_LOST])
def test_what_does_no_harm_where_the_hub_is_reached_is_told_and_is_well(ailment: Ailment) -> None:
    ((is_well, _, remedy),) = said(WELL.model_copy(update={"ailments": (Ailing(ailment=ailment),)}))
    assert (is_well, remedy) == (True, "")


@pytest.mark.parametrize("kind", ["ethernet", "wifi", "mobile", "satellite"])
def test_no_carrier_has_the_remedy_of_its_kind(kind: str) -> None:
    ill = WELL.model_copy(update={"kind": kind, "ailments": (Ailing(ailment=Ailment.NO_CARRIER),)})
    assert said(ill)[0][2]


def test_a_socket_that_nobody_uses_is_no_fault_and_a_link_that_was_named_is_one() -> None:
    empty = WELL.model_copy(update={"name": "eth1", "ailments": (Ailing(ailment=Ailment.NO_CARRIER),)})
    assert len(said(WELL, empty)) == 2
    assert len(said(WELL, empty.model_copy(update={"is_configured": False}))) == 1


def test_a_box_without_any_link_and_a_service_that_is_silent_are_faults() -> None:
    assert said(used=None)[0][:2] == (False, "there is no link at all")
    ((is_well, text, remedy),) = said(WELL, age_s=45.0)
    assert (is_well, remedy) == (False, "systemctl status haidang-network")
    assert "45 s" in text
    assert list(network_findings(None, age_s=9e9)) == [], "where it need not run nothing is said"
