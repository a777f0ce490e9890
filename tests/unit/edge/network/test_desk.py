from edge.network.desk_service import is_left
from edge.network.told import LinkNow, NetworkNow

CABLE, PHONE, HOUSE = "192.0.2.5", "198.51.100.7", "10.0.0.2"


def used(name: str | None, *, cable: str = CABLE) -> NetworkNow:
    links = (("cable", cable), ("phone", PHONE))
    return NetworkNow(
        links=tuple(
            LinkNow(
                name=one,
                interface=one,
                kind="ethernet",
                is_metered=False,
                is_configured=True,
                addresses=(address,),
                standing="GOOD",
            )
            for one, address in links
        ),
        used=name,
    )


def test_a_connection_by_the_link_that_was_left_is_left() -> None:
    assert is_left(used("cable"), used("phone"), by=CABLE)
    assert is_left(used("cable"), used("cable", cable="192.0.2.6"), by=CABLE)  # another address was leased
    assert is_left(used("cable"), used("phone"), by=None)  # it tries to connect, by whatever way was there


def test_a_connection_by_the_link_that_is_used_stays() -> None:
    assert not is_left(used("cable"), used("cable"), by=CABLE)
    assert not is_left(used("phone"), used("cable"), by=CABLE)
    assert not is_left(used("cable"), used("cable"), by=None)
    assert not is_left(used("cable"), used(None), by=CABLE)


def test_a_connection_by_none_of_our_links_is_nobodys_to_cut() -> None:
    """A hub in the same house, or behind a tunnel: a route of its own leads there."""
    assert not is_left(used("cable"), used("cable"), by=HOUSE)
    assert not is_left(used("cable"), used("phone"), by=HOUSE)
