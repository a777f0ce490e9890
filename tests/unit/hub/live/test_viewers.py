from contract.ids import StationId
from hub.live.viewers import NEVER_DROPPED_MAX, WAITING_MAX, Message, Viewer, Viewers

A = StationId("con-dao-01")


def taken(viewer: Viewer) -> list[Message]:
    messages = []
    while (message := viewer.take()) is not None:
        messages.append(message)
    return messages


def viewer(*, has_begun: bool = True) -> Viewer:
    made = Viewer(A, wake=lambda: None)
    if has_begun:
        made.begin([])
    return made


def test_history_goes_before_what_came_while_it_was_read() -> None:
    one = viewer(has_begun=False)
    one.send(b"live")
    assert taken(one) == []
    one.begin(["view", b"history"])
    one.send(b"later")
    assert taken(one) == ["view", b"history", b"live", b"later"]


def test_a_slow_viewer_loses_the_oldest_samples_counted_and_no_text() -> None:
    one = viewer()
    one.send("view")
    for number in range(WAITING_MAX + 4):
        one.send(number.to_bytes(2, "big"))
    assert one.dropped_count == 5
    kept = taken(one)
    assert len(kept) == WAITING_MAX
    assert kept[:2] == ["view", (5).to_bytes(2, "big")]
    assert not one.is_hopeless


def test_a_viewer_that_reads_nothing_at_all_is_given_up() -> None:
    one = viewer()
    for _ in range(WAITING_MAX + NEVER_DROPPED_MAX):
        one.send("values")
    assert one.is_hopeless


def test_what_is_held_back_is_bounded_too() -> None:
    one = viewer(has_begun=False)
    for _ in range(3 * WAITING_MAX):
        one.send(b"live")
    one.begin([])
    assert len(taken(one)) == WAITING_MAX


def test_sending_wakes_the_socket() -> None:
    woken: list[bool] = []
    one = Viewer(A, wake=lambda: woken.append(True))
    one.begin(["view"])
    assert woken == [True]


def test_messages_go_to_the_viewers_of_their_station_and_nobody_is_left_when_they_go() -> None:
    viewers, one, other = Viewers(), viewer(), Viewer(StationId("ly-son"), wake=lambda: None)
    other.begin([])
    viewers.add(one)
    viewers.add(other)
    viewers.send(A, [b"1", b"2"])
    assert (taken(one), taken(other)) == ([b"1", b"2"], [])
    viewers.remove(one)
    viewers.remove(one)
    assert viewers.stations() == {"ly-son"}
    assert viewers.of(A) == []
