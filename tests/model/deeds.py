"""What people do and what befalls their machines, at random, whether it makes sense at that moment or not."""

import random
from collections.abc import Callable
from typing import Final, Literal

from contract.events import PracticeKind
from edge.call.station_call import StationCall
from hub.calls.call import ANYBODY, Call, Given
from hub.calls.open_call import OpenCall
from hub.calls.table import ANSWERED, Input, State
from tests.model.hub_side import ACCOUNTS, OPERATORS, S, drive
from tests.model.world import MINUTE_US, Line, World

_PRACTICES: Final[tuple[PracticeKind, ...]] = ("drill", "test")
DOCTORS: Final = ("bs-an", "bs-binh")
Deed = Callable[[World], str]


# At a station


def press(world: World) -> str:
    """The button."""
    line = a_line(world)
    if not line.has_power:
        return ""
    line.pressed += 1
    line.station.press(now_us=world.now_us)
    return f"{line.station.name}: press"


def press_again(world: World) -> str:
    """The button, and again at once."""
    line = a_line(world)
    if not line.has_power:
        return ""
    for _ in range(2):
        line.pressed += 1
        line.station.press(now_us=world.now_us)
        world.pass_time(world.rng.choice((30_000, S // 2, 8 * S)))
    return f"{line.station.name}: two presses"


def hold(world: World) -> str:
    """The button, held for two seconds."""
    line = a_line(world)
    if not line.has_power:
        return ""
    line.pressed += 1
    line.station.press(now_us=world.now_us)
    world.pass_time(2 * S)
    return f"{line.station.name}: held, {line.station.hold(now_us=world.now_us)}"


def cancel(world: World) -> str:
    """The nurse cancels."""
    line = a_line(world)
    is_done = line.station.do(lambda call, now_s: call.cancel(now_s=now_s), now_us=world.now_us)
    return f"{line.station.name}: cancels" if is_done else ""


def decline(world: World) -> str:
    """The nurse does not take the hub's ring."""
    line = a_line(world)
    call = line.station.call
    if call is None or not call.ring.is_waiting:
        return ""
    line.station.do(lambda call, now_s: call.decline(now_s=now_s), now_us=world.now_us)
    return f"{line.station.name}: declines"


def practise(world: World) -> str:
    """The nurse begins a practice, or ends it."""
    line = a_line(world)
    kind: PracticeKind = world.rng.choice(_PRACTICES)

    def begin(call: StationCall, now_s: float) -> None:
        call.practise(kind, by="nurse", now_s=now_s)

    def end(call: StationCall, now_s: float) -> None:
        call.practise_no_more()

    deed = begin if world.rng.random() < 0.8 else end
    return f"{line.station.name}: practice" if line.station.do(deed, now_us=world.now_us) else ""


def next_person(world: World) -> str:
    """Another person is seen."""
    line = a_line(world)
    line.station.visit += 1
    return f"{line.station.name}: visit {line.station.visit}"


def kill_box(world: World) -> str:
    """`edge vitals` is killed."""
    line = a_line(world)
    line.station.kill()
    return f"{line.station.name}: killed"


def cut_power(world: World) -> str:
    """Box and board lose their power."""
    line = a_line(world)
    line.pressed -= line.station.unstored + line.station.is_storing
    line.station.cut_power()
    line.has_power = False
    return f"{line.station.name}: power cut"


def start_box(world: World) -> str:
    """It starts again, in another boot where the power was cut."""
    line = a_line(world)
    if line.station.call is not None:
        return ""
    world.start_box(line)
    return f"{line.station.name}: starts"


def cut_link(world: World) -> str:
    """The link is gone; the box finds out, or not."""
    line = a_line(world)
    if not line.has_link:
        return ""
    world.cut_link(line)
    return f"{line.station.name}: link cut"


def mend_link(world: World) -> str:
    """The link is back."""
    line = a_line(world)
    if line.has_link:
        return ""
    world.mend_link(line)
    return f"{line.station.name}: link back"


def sleep_box(world: World) -> str:
    """The box's clock of its boot is ahead at once: it slept."""
    line = a_line(world)
    line.station.sleep(world.rng.choice((20, 700, 4000)) * S)
    return f"{line.station.name}: slept"


# At the hub


def kill_hub(world: World) -> str:
    """The hub is killed; its machine may boot anew."""
    if world.hub.desk is None:
        return ""
    world.hub.kill()
    if world.rng.random() < 0.3:
        world.clock.reboot()
    return "hub killed"


def start_hub(world: World) -> str:
    """It starts again."""
    if world.hub.desk is not None:
        return ""
    world.hub.start()
    return "hub starts"


def break_broker(world: World) -> str:
    """The broker is killed, or starts again."""
    world.set_broker(is_there=not world.has_broker)
    return f"broker {'back' if world.has_broker else 'killed'}"


def fill_disk(world: World) -> str:
    """The hub's disk takes nothing, or takes something again."""
    world.store.fails = not world.store.fails
    return f"disk {'full' if world.store.fails else 'well'}"


def step_clock(world: World) -> str:
    """Somebody sets the hub's wall clock."""
    by_us = world.rng.choice((-3 * 86_400, -300, 300, 3 * 86_400)) * S
    world.clock.utc_ahead_us += by_us
    return f"hub clock by {by_us // S} s"


def change_page(world: World) -> str:
    """Somebody closes all pages, opens one, or cannot hear."""
    name = world.rng.choice(ACCOUNTS)
    console = world.hub.consoles[name]
    if world.rng.random() < 0.6:
        console.has_page = not console.has_page
    else:
        console.sounds = not console.sounds
    return f"{name}: {console}"


# What operators do to calls: as they saw them when their page last heard of it


def claim(world: World) -> str:
    """Somebody answers; another one at the same moment, perhaps."""
    one = a_call(world)
    if one is None:
        return ""
    names = world.rng.sample(OPERATORS, world.rng.choice((1, 1, 2)))
    return " ".join(world.give(one, Given(input=Input.CLAIM, by=name), is_sure=True) for name in names)


def operate(world: World) -> str:
    """Somebody does something to a call."""
    one = a_call(world)
    if one is None:
        return ""
    rng, call = world.rng, one.call
    by = call.owner if call.owner and rng.random() < 0.8 else rng.choice(OPERATORS)
    return world.give(one, _deed_of(rng, call, by), is_sure=rng.random() < 0.6)


def _deed_of(rng: random.Random, call: Call, by: str) -> Given:
    others = [name for name in OPERATORS if name != by]
    if call.asked is not None and rng.random() < 0.5:
        accepts = {"transfer": Input.TRANSFERRED, "second": Input.SECONDED, "handover": Input.HANDED_OVER}
        return Given(input=accepts[call.asked.kind], by=rng.choice(others))
    if call.state in ANSWERED:
        return rng.choice(
            (
                Given(input=Input.HOLD, by=by),
                Given(input=Input.RESUME, by=by),
                Given(input=Input.PARK, by=by),
                Given(input=Input.END, by=by),
                Given(input=Input.END, by=by),
                Given(input=Input.ASK, by=by, to=rng.choice((*others, ANYBODY)), kind="transfer"),
                Given(input=Input.ASK, by=by, to=rng.choice((*others, ANYBODY)), kind="second"),
                Given(input=Input.INVITE, by=by, to=DOCTORS[0], then=DOCTORS[1:]),
                Given(input=Input.TURN, by=by, to=rng.choice((None, *others, *DOCTORS))),
                Given(input=Input.GUEST, to=rng.choice((*others, *DOCTORS)), change=rng.choice(_CHANGES)),
            )
        )
    return rng.choice(
        (
            Given(input=Input.TAKE, by=by),
            Given(input=Input.PROMISE, by=by),
            Given(input=Input.CLOSE, by=by),
            Given(input=Input.CLOSE, by=by),
            Given(input=Input.ASK, by=by, to=rng.choice(others), kind="handover"),
            Given(input=Input.CLAIM, by=by),
        )
    )


_CHANGES: Final[tuple[Literal["came", "declined", "left"], ...]] = ("came", "declined", "left")


def media(world: World) -> str:
    """Picture and voice of an answered call come, flow or break off."""
    calls = [one for one in world.open_calls() if one.state in ANSWERED]
    if not calls:
        return ""
    one = world.rng.choice(calls)
    input_ = world.rng.choice((Input.JOINED, Input.FLOWS, Input.FLOWS, Input.STALLED))
    return world.give(one, Given(input=input_), is_sure=True)


def talk(world: World) -> str:
    """A call is answered and spoken, as most are."""
    told = claim(world)
    for input_ in (Input.JOINED, Input.FLOWS):
        for one in world.open_calls():
            if one.state in ANSWERED and one.state is not State.ACTIVE:
                world.give(one, Given(input=input_), is_sure=True)
    return told


def ring_back(world: World) -> str:
    """Somebody calls a station, for a call on the list or for none; or stops doing so."""
    desk, rng = world.hub.desk, world.rng
    if desk is None or world.store.fails:
        return ""
    line, one = a_line(world), a_call(world)
    if one is not None and one.call.owner is not None and rng.random() < 0.7:
        owed, by, name = one.call_id, one.call.owner, one.call_id.station
    else:
        owed, by, name = None, rng.choice(OPERATORS), line.station.name
    if rng.random() < 0.1:
        return f"{by} stops calling {name}: {drive(desk.rings.stop(name, by))}"
    why = drive(desk.ring_station(name, by, is_emergency=rng.random() < 0.3, call_id=owed))
    return f"{by} calls {name} for {owed}: {why or 'rings'}"


def ask_practice(world: World) -> str:
    """The hub asks a station for practice, or takes it back."""
    desk, rng = world.hub.desk, world.rng
    if desk is None:
        return ""
    name = a_line(world).station.name
    drive(desk.practise(name, rng.choice((*_PRACTICES, None)), OPERATORS[0]))
    return f"practice asked of {name}"


DEEDS: Final[dict[Deed, int]] = {
    press: 14,
    press_again: 4,
    hold: 4,
    cancel: 3,
    decline: 2,
    practise: 2,
    next_person: 2,
    kill_box: 4,
    cut_power: 2,
    start_box: 7,
    cut_link: 4,
    mend_link: 5,
    sleep_box: 1,
    kill_hub: 4,
    start_hub: 6,
    break_broker: 2,
    fill_disk: 1,
    step_clock: 2,
    change_page: 6,
    claim: 6,
    talk: 10,
    operate: 22,
    media: 8,
    ring_back: 6,
    ask_practice: 2,
}
"""How often each is done beside the others."""
PAUSES_US: Final = (50_000, S // 2, S, 2 * S, 6 * S, 13 * S, 35 * S, MINUTE_US, 4 * MINUTE_US, 12 * MINUTE_US)
PAUSE_WEIGHTS: Final = (6, 8, 8, 8, 8, 5, 3, 2, 1, 1)


def do_something(world: World) -> None:
    """Let one thing happen, then some time pass."""
    (deed,) = world.rng.choices(list(DEEDS), weights=list(DEEDS.values()))
    world.note(deed(world))
    (pause_us,) = world.rng.choices(PAUSES_US, weights=PAUSE_WEIGHTS)
    world.pass_time(pause_us)


def a_line(world: World) -> Line:
    """Return any station."""
    return world.rng.choice(list(world.lines.values()))


def a_call(world: World) -> OpenCall | None:
    """Return any open call, as the desk has it."""
    calls = world.open_calls()
    return world.rng.choice(calls) if calls else None
