"""The list of stations: put in the order of names once, and again only when names or stations are others."""

from contract.ids import StationId
from hub.fleet.stations import StationList

CO_TO, LY_SON, CON_DAO = StationId("co-to"), StationId("ly-son"), StationId("con-dao")


def test_an_order_is_made_once_for_each_state_of_the_names() -> None:
    names, states, asked = {CO_TO: "Cô Tô", LY_SON: "Lý Sơn"}, [object()], list[StationId]()

    def name_of(station: StationId) -> str:
        asked.append(station)
        return names.get(station, str(station))

    stations = StationList(names, name_of=name_of, as_of=lambda: states[-1], started_s=0.0)
    assert stations.ids() == [CO_TO, LY_SON]
    stations.ids().clear()  # whoever is given it may do what they like
    assert stations.ids() == [CO_TO, LY_SON]
    assert len(asked) == 2
    stations.enrol([CON_DAO])
    assert stations.ids() == [CON_DAO, CO_TO, LY_SON]
    names[LY_SON] = "An Vĩnh"
    states.append(object())
    assert stations.ids() == [LY_SON, CON_DAO, CO_TO]


def test_who_cannot_say_when_names_change_is_always_told_the_names_of_now() -> None:
    names = {CO_TO: "Cô Tô", LY_SON: "Lý Sơn"}
    stations = StationList(names, name_of=lambda station: names[station], started_s=0.0)
    assert stations.ids() == [CO_TO, LY_SON]
    names[CO_TO] = "Vân Đồn"
    assert stations.ids() == [LY_SON, CO_TO]
