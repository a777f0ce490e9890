import json
from itertools import product

import pytest

from firmware_bridge.errors import IllegalInputError
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.identities import KNOWN_MAX, TRANSITIONS, Identities, Input, Known, State

BERRY = "berry-bm1000"


class Desk:
    """A box's USB sockets, and who is thought to be plugged in."""

    def __init__(self) -> None:
        self.identities = Identities()
        self.plugged: dict[str, Adapter] = {}
        self._pluggings = 0

    def plug(self, place: str, *, serial: str = "0001", vid_pid: str = "10c4:ea60") -> Adapter:
        self._pluggings += 1
        self.plugged[place] = Adapter(
            path=f"/dev/{place}",
            place=place,
            plugging=f"p{self._pluggings}",
            vid_pid=vid_pid,
            serial=serial,
        )
        return self.plugged[place]

    def pull(self, *places: str) -> None:
        for place in places:
            del self.plugged[place]
        self.look()

    def look(self, *, driver: str = BERRY, own: str = "", said_name: str = "") -> None:
        """See what is plugged in; whoever is unknown turns out to speak `driver`."""
        for adapter in self.identities.look(list(self.plugged.values())).unknown:
            self.identities.meet(adapter, driver, family=driver, own=own, said_name=said_name)

    def at(self, place: str) -> str | None:
        known = self.identities.behind(self.plugged[place])
        return None if known is None else known.device

    def candidates(self, place: str) -> tuple[str, ...]:
        device = self.at(place)
        return next((one.candidates for one in self.identities.questions() if one.device == device), ())

    def restart(self, *, is_boot: bool) -> None:
        """The process ends and begins anew; at a boot, everything counts as plugged in anew."""
        self.identities = Identities.restored(json.loads(json.dumps(self.identities.saved())))
        if is_boot:
            for place in list(self.plugged):
                old = self.plugged[place]
                self.plug(place, serial=old.serial, vid_pid=old.vid_pid)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pair(desk: Desk) -> Desk:
    """Two that nothing but their places tell apart: `left` and `right`."""
    for place in ("left", "right"):
        desk.plug(place)
        desk.look(said_name=place)
    assert (desk.at("left"), desk.at("right")) == ("left", "right")
    return desk


@pytest.mark.parametrize(("state", "input_"), sorted({*product(State, Input)} - {*TRANSITIONS}, key=str))
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    identities = Identities()
    known = Known("one", BERRY, BERRY, state, Adapter(path="", place="", plugging=""))
    with pytest.raises(IllegalInputError):
        identities._move(known, input_)
    assert known.state is state


def test_one_that_is_pulled_and_plugged_in_again_alone_is_the_same(pair: Desk) -> None:
    for _ in range(3):
        pair.pull("left")
        pair.plug("left")
        pair.look()
        assert (pair.at("left"), pair.at("right")) == ("left", "right")
    assert pair.identities.questions() == ()


def test_two_that_were_gone_at_the_same_time_are_asked_about(pair: Desk) -> None:
    pair.pull("left")
    pair.pull("right")
    pair.plug("left")
    pair.look()
    assert pair.at("left") not in (None, "left", "right")
    assert set(pair.candidates("left")) == {"left", "right"}


def test_two_that_went_and_came_between_two_looks_are_asked_about(pair: Desk) -> None:
    pair.plug("left")
    pair.plug("right")
    pair.look()
    assert set(pair.candidates("left")) == set(pair.candidates("right")) == {"left", "right"}


def test_one_that_comes_back_at_another_place_is_asked_about(pair: Desk) -> None:
    pair.pull("left")
    pair.plug("front")
    pair.look()
    assert pair.candidates("front") == ("left",)
    assert pair.at("right") == "right"


def test_confirmed_it_has_its_name_and_the_other_is_asked_about_still(pair: Desk) -> None:
    pair.pull("left", "right")
    pair.plug("left")
    pair.plug("right")
    pair.look()
    pair.identities.confirm(pair.at("left") or "", "right")
    assert pair.at("left") == "right"
    assert pair.candidates("right") == ("left",)  # who is left over is not taken for the other
    pair.identities.confirm(pair.at("right") or "", "left")
    assert pair.identities.questions() == ()
    pair.pull("left")
    pair.plug("left")
    pair.look()
    assert pair.at("left") == "right"  # known at its new place


def test_confirmed_as_a_new_one_it_keeps_its_name_for_good(pair: Desk) -> None:
    pair.pull("left")
    pair.plug("front")
    pair.look()
    name = pair.at("front")
    assert name is not None
    pair.identities.confirm(name, None)
    pair.pull("front")
    pair.plug("front")
    pair.look()
    assert pair.at("front") != "left"
    assert set(pair.candidates("front")) == {"left", name}  # two like it are away: left still is


def test_a_device_that_will_not_come_back_can_be_forgotten(pair: Desk) -> None:
    pair.pull("left")
    pair.identities.forget("left")
    pair.pull("right")
    pair.plug("right")
    pair.look()
    assert pair.at("right") == "right"
    with pytest.raises(IllegalInputError):
        pair.identities.forget("left")


def test_who_is_plugged_in_is_no_candidate(pair: Desk) -> None:
    pair.pull("left")
    pair.plug("front")
    pair.look()
    with pytest.raises(IllegalInputError, match="plugged in"):
        pair.identities.confirm(pair.at("front") or "", "right")
    with pytest.raises(IllegalInputError, match="nobody asks"):
        pair.identities.confirm("right", "left")
    assert pair.candidates("front") == ("left",)


def test_a_name_for_the_time_being_is_never_given_twice(pair: Desk) -> None:
    pair.pull("left")
    names = set()
    for _ in range(5):
        pair.plug("front")
        pair.look()
        names.add(pair.at("front"))
        pair.pull("front")
    assert len(names) == 5


def test_a_true_serial_number_is_known_wherever_it_is_plugged_in(desk: Desk) -> None:
    for place, serial in (("left", "A6008isP"), ("right", "B7119jtQ")):
        desk.plug(place, serial=serial)
        desk.look(said_name=place)
    desk.pull("left", "right")
    desk.plug("left", serial="B7119jtQ")
    desk.plug("right", serial="A6008isP")
    desk.look()
    assert (desk.at("left"), desk.at("right")) == ("right", "left")


def test_a_serial_number_that_two_have_is_none(desk: Desk) -> None:
    desk.plug("left", serial="A50285BI")
    desk.look()
    name = desk.at("left")
    desk.plug("right", serial="A50285BI")
    desk.look()
    assert desk.at("left") == name != desk.at("right")
    desk.pull("left", "right")
    desk.plug("left", serial="A50285BI")
    desk.look()
    assert len(desk.candidates("left")) == 2


def test_an_instrument_that_names_itself_is_known_behind_any_adapter(desk: Desk) -> None:
    desk.plug("left")
    desk.look(own="SN1")
    desk.plug("right")
    desk.look(own="SN2")
    first, second = desk.at("left"), desk.at("right")
    desk.pull("left", "right")
    desk.plug("left")
    desk.look(own="SN2")
    desk.plug("right")
    desk.look(own="SN1")
    assert (desk.at("left"), desk.at("right")) == (second, first)
    assert desk.identities.questions() == ()


def test_an_instrument_that_names_itself_late_answers_the_question(pair: Desk) -> None:
    pair.identities.names_itself("left", "SN1")
    pair.identities.names_itself("right", "SN2")
    pair.pull("left", "right")
    pair.plug("left")
    pair.look()
    unconfirmed = pair.at("left")
    assert unconfirmed is not None
    assert pair.identities.names_itself(unconfirmed, "SN2") == "right"
    assert pair.at("left") == "right"
    assert pair.identities.questions() == ()


def test_one_that_names_itself_unlike_all_others_is_a_new_one(pair: Desk) -> None:
    pair.identities.names_itself("left", "SN1")
    pair.pull("left")
    pair.plug("front")
    pair.look()
    unconfirmed = pair.at("front")
    assert unconfirmed is not None
    assert pair.identities.names_itself(unconfirmed, "SN9") == unconfirmed
    assert pair.identities.questions() == ()


@pytest.mark.parametrize("serial", ["0001", "A6008isP"])
def test_another_instrument_behind_a_known_adapter_is_another_device(desk: Desk, serial: str) -> None:
    desk.plug("left", serial=serial)
    desk.look()
    device = desk.at("left")
    assert device is not None
    assert desk.identities.names_itself(device, "SN1") == device
    other = desk.identities.names_itself(device, "SN2")
    assert other != device
    assert desk.at("left") == other
    assert desk.identities.names_itself(other, "SN1") == device


def test_two_that_call_themselves_the_same_are_told_apart_by_their_places(pair: Desk) -> None:
    assert pair.identities.names_itself("left", "SN1") == "left"
    assert pair.identities.names_itself("right", "SN1") == "right"
    assert pair.identities.names_itself("left", "SN1") == "left"


def test_an_adapter_with_a_name_given_by_a_person_keeps_it_whichever_instrument_it_serves(desk: Desk) -> None:
    desk.plug("left", serial="A6008isP")
    desk.look(said_name="bed-1")
    assert desk.identities.names_itself("bed-1", "SN1") == "bed-1"
    assert desk.identities.names_itself("bed-1", "SN2") == "bed-1"


def test_an_adapter_of_another_make_is_not_taken_for_one_that_is_away(pair: Desk) -> None:
    pair.plug("third", vid_pid="1a86:7523")
    pair.look(said_name="third")
    pair.pull("left", "third")
    pair.plug("left")
    pair.plug("third", vid_pid="1a86:7523")
    assert pair.identities.look(list(pair.plugged.values())).unknown == ()
    assert (pair.at("left"), pair.at("third")) == ("left", "third")


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    """Two behind adapters that are alike, which speak differently."""
    for place, driver in (("left", BERRY), ("right", "masimo-ascii")):
        desk.plug(place)
        desk.look(said_name=place, driver=driver)
    desk.pull("left", "right")
    return desk


def test_two_behind_like_adapters_that_speak_differently_are_known_once_they_are_heard(mixed: Desk) -> None:
    adapter = mixed.plug("left")
    assert mixed.identities.look([adapter]).unknown == (adapter,)  # not by the place alone
    mixed.look(driver=BERRY)
    mixed.plug("right")
    mixed.look(driver="masimo-ascii")
    assert (mixed.at("left"), mixed.at("right")) == ("left", "right")


def test_two_that_speak_differently_and_changed_places_are_asked_about(mixed: Desk) -> None:
    mixed.plug("left")
    mixed.look(driver="masimo-ascii")
    mixed.plug("right")
    mixed.look(driver=BERRY)
    assert (mixed.candidates("left"), mixed.candidates("right")) == (("right",), ("left",))


def test_what_does_not_speak_like_the_device_of_its_place_is_met_anew(pair: Desk) -> None:
    pair.identities.is_another("left")
    assert pair.identities.look(list(pair.plugged.values())).unknown == (pair.plugged["left"],)
    pair.look(driver="masimo-ascii")
    assert pair.at("left") not in (None, "left", "right")
    assert pair.identities.questions() == ()


def test_after_a_restart_of_the_process_nothing_has_changed(pair: Desk) -> None:
    pair.restart(is_boot=False)
    pair.look()
    assert (pair.at("left"), pair.at("right")) == ("left", "right")
    assert pair.identities.questions() == ()


def test_after_a_boot_with_two_alike_both_are_asked_about(pair: Desk) -> None:
    pair.restart(is_boot=True)
    pair.look()
    assert set(pair.candidates("left")) == {"left", "right"}


def test_after_a_boot_one_that_is_alone_of_its_kind_is_known_at_its_place(desk: Desk) -> None:
    desk.plug("left")
    desk.look(said_name="left")
    desk.restart(is_boot=True)
    desk.look()
    assert desk.at("left") == "left"


def test_one_unplugged_while_the_process_was_down_is_known_as_if_it_had_been_up(pair: Desk) -> None:
    pair.restart(is_boot=False)
    pair.plug("left")
    pair.look()
    assert (pair.at("left"), pair.at("right")) == ("left", "right")


def test_a_question_survives_a_restart_of_the_process(pair: Desk) -> None:
    pair.pull("left")
    pair.plug("front")
    pair.look()
    before = pair.identities.questions()
    pair.restart(is_boot=False)
    pair.look()
    assert pair.identities.questions() == before
    pair.identities.confirm(pair.at("front") or "", "left")
    assert pair.at("front") == "left"


def test_the_name_that_the_configuration_gives_to_a_place_is_a_candidate_too(desk: Desk) -> None:
    desk.plug("left")
    desk.look(said_name="left")
    desk.pull("left")
    desk.plug("right")
    desk.look(said_name="right")
    assert desk.candidates("right") == ("left", "right")
    desk.identities.confirm(desk.at("right") or "", "right")
    assert desk.at("right") == "right"


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"version": 2},
        {"version": 1, "names_given": 0, "shared": [], "known": [{"device": "left"}]},
        {"version": 1, "names_given": 0, "shared": [], "known": [{"state": "NOWHERE"}]},
        {"version": 1, "names_given": 0, "shared": [], "known": [3]},
        {"version": 1, "names_given": None, "shared": [], "known": []},
    ],
)
def test_what_was_saved_and_is_damaged_is_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="known devices"):
        Identities.restored(damaged)


def test_a_box_that_sees_a_thousand_adapters_remembers_the_latest(desk: Desk) -> None:
    for n in range(100):
        desk.plug("left", serial=f"A6008is{n:03}")
        desk.look()
        desk.pull("left")
    assert len(desk.identities.known()) == KNOWN_MAX
    desk.plug("left", serial="A6008is099")
    assert desk.identities.look(list(desk.plugged.values())).unknown == ()


def test_names_fit_the_wire_wherever_the_adapter_is_plugged_in(pair: Desk) -> None:
    pair.pull("left")
    pair.plug("platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2.4:1.0-port0/số")
    pair.look()
    (question,) = pair.identities.questions()
    assert len(question.device) <= 64
    assert question.device.replace("-", "").replace(".", "").replace(":", "").isalnum()
    assert question.device.isascii()
