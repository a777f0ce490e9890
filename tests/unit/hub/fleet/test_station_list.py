"""The list of stations: in the order of names, put there again only where a name may be another."""

import random

from contract.ids import StationId
from hub.fleet.stations import PLACED_ONE_BY_ONE, StationList

CO_TO, LY_SON, CON_DAO = StationId("co-to"), StationId("ly-son"), StationId("con-dao")


def test_a_name_is_asked_for_once_and_again_when_it_may_be_another() -> None:
    names, asked = {CO_TO: "Cô Tô", LY_SON: "Lý Sơn"}, list[StationId]()

    def name_of(station: StationId) -> str:
        asked.append(station)
        return names.get(station, str(station))

    stations = StationList(names, name_of=name_of, started_s=0.0)
    assert stations.ids() == [CO_TO, LY_SON]
    stations.ids().clear()  # whoever is given it may do what they like
    assert stations.ids() == [CO_TO, LY_SON]
    assert sorted(asked) == [CO_TO, LY_SON]
    stations.enrol([CON_DAO])
    assert stations.ids() == [CON_DAO, CO_TO, LY_SON]
    names[LY_SON] = "An Vĩnh"
    asked.clear()
    stations.look_again([LY_SON, StationId("nobody")])
    assert stations.ids() == [LY_SON, CON_DAO, CO_TO]
    assert asked == [LY_SON]


def test_one_that_leaves_the_lists_and_comes_back_has_its_place() -> None:
    gone = set[StationId]()
    stations = StationList((CO_TO, LY_SON), name_of=str, is_listed=lambda one: one not in gone, started_s=0.0)
    assert stations.ids() == [CO_TO, LY_SON]
    for is_gone, left in ((True, [LY_SON]), (False, [CO_TO, LY_SON])):
        (gone.add if is_gone else gone.discard)(CO_TO)
        stations.look_again([CO_TO])
        assert stations.ids() == left


def test_few_and_many_changes_come_to_the_same_order() -> None:
    rng, count = random.Random(8), 3 * PLACED_ONE_BY_ONE
    names = {StationId(f"s{no}"): f"Trạm {rng.randrange(40)}" for no in range(count)}
    stations = StationList(names, name_of=names.__getitem__, started_s=0.0)
    for some in (1, 7, PLACED_ONE_BY_ONE, PLACED_ONE_BY_ONE + 1, count):
        stations.ids()
        for station in (changed := rng.sample(sorted(names), some)):
            names[station] = f"Trạm {rng.randrange(40)}"
        stations.look_again(changed)
        assert stations.ids() == StationList(names, name_of=names.__getitem__, started_s=0.0).ids()
