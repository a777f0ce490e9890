import pytest

from contract.signals import OnTheLine
from edge.call.call_facts import CallFacts, call_facts
from edge.call.station_call import HOTLINE_S, StationCall
from edge.call.station_table import OPEN, State
from edge.call.video_messages import StationSound
from edge.panel.pages import StationNow, VisitNow, cancel_page, station_page
from edge.panel.station_devices import StationDevices
from edge.panel.words import LANGUAGES, Words
from tests.unit.edge.station_calls import NOW_S, RING, pressed, registered, ring, rings, says

NOBODY = VisitNow(0, asks_visit_over=False, awaits_sensors_off=False)
NOTHING = StationDevices(questions=(), devices=())


def facts(call: StationCall, *, hotline: str | None = None, now_s: float = NOW_S) -> CallFacts:
    return CallFacts.model_validate(call_facts(call, hotline=hotline, now_s=now_s))


def page(call: CallFacts, *, is_settling: bool = False, language: str = "en") -> str:
    return station_page(
        StationNow(NOBODY, NOTHING, call),
        station="con-dao-01",
        notice=None,
        is_settling=is_settling,
        words=Words(language),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
def test_every_state_has_its_words_and_only_an_open_call_can_be_cancelled_or_raised(
    state: State, language: str
) -> None:
    html = page(facts(StationCall(state, 5 if state in OPEN else None)), language=language)
    assert Words(language)(f"call {state.name}") in html
    assert ('action="/cancel"' in html) == ('value="raise"' in html) == (state in OPEN)


def test_who_is_on_the_line_and_since_when_is_said() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan", now_s=NOW_S + 1)
    html = page(facts(call, now_s=NOW_S + 31))
    assert "On the line: Lan" in html
    assert "For 30 s" in html
    call.since_s = None  # since before this boot: nobody knows how long
    assert "For " not in page(facts(call))


def test_who_else_is_there_is_said_with_their_part_and_who_speaks() -> None:
    call = registered()
    doctor = OnTheLine(name="Minh", role="doctor", speaks=True)
    others = (OnTheLine(name="Hoa", role="second"), doctor)
    call.hub_says(5, "claimed", revision=1, by="Lan", others=others, now_s=NOW_S)
    html = page(facts(call))
    assert "Second operator: Hoa<br>" in html
    assert "Doctor: Minh – <strong>speaks with the station" in html
    call.hub_says(5, "offered", revision=2, by=None, now_s=NOW_S)
    assert "Minh" not in page(facts(call))


def test_a_call_that_nobody_answered_in_time_says_what_follows() -> None:
    call = registered()
    says(call, 5, "missed", 1, None, now_s=NOW_S + 120)
    html = page(facts(call))
    assert "Nobody has answered in time" in html
    assert "The hub will call back" in html
    says(call, 5, "claimed", 2, "Lan", now_s=NOW_S + 130)
    assert "Nobody has answered" not in page(facts(call))


def test_the_hotline_stands_there_when_nobody_answers_for_long_and_the_hubs_number_at_once() -> None:
    call = registered()
    assert "0254" not in page(facts(call, hotline="0254", now_s=NOW_S + HOTLINE_S - 1))
    assert "Telephone: 0254" in page(facts(call, hotline="0254", now_s=NOW_S + HOTLINE_S))
    assert "Telephone" not in page(facts(call, now_s=NOW_S + HOTLINE_S))
    call.hub_says(5, "claimed", revision=1, by="Lan", phone="115", now_s=NOW_S)
    assert "Telephone: 115" in page(facts(call, hotline="0254"))


def test_a_ring_of_the_hub_is_accepted_or_declined_by_its_name_and_not_by_a_trembling_hand() -> None:
    call = StationCall()
    rings(call, ring())
    html = page(facts(call))
    assert "The hub is calling: Lan" in html
    assert f'name="about" value="{RING}"' in html
    assert [html.count(f'name="deed" value="{one}"') for one in ("accept", "decline")] == [1, 1]
    assert 'name="deed"' not in page(facts(call), is_settling=True)
    call.begin_press()  # it is on its way to the disk
    assert "is calling" not in page(facts(call))


def test_a_ring_that_answers_itself_says_when() -> None:
    call = StationCall()
    rings(call, ring(is_emergency=True), may_answer=True)
    assert "It answers by itself within 13 s" in page(facts(call, now_s=NOW_S + 2))
    call.announced(now_s=NOW_S + 3)
    html = page(facts(call, now_s=NOW_S + 5))
    assert "It answers by itself within 3 s" in html
    assert "EMERGENCY" in html


@pytest.mark.parametrize("kind", ["drill", "test"])
def test_practice_is_marked_before_its_press_and_in_its_call_and_a_real_call_is_not(kind: str) -> None:
    call = StationCall()
    assert "DIỄN TẬP" not in page(facts(call), language="vi")
    call.practise(kind, by="station", now_s=NOW_S)  # type: ignore[arg-type]
    assert "DIỄN TẬP" in page(facts(call), language="vi")
    pressed(call, 5)
    assert "DIỄN TẬP" in page(facts(call), language="vi")
    assert "Telephone" not in page(facts(call, hotline="0254", now_s=NOW_S + HOTLINE_S))
    pressed(call, 6)
    assert "DIỄN TẬP" not in page(facts(call), language="vi")


@pytest.mark.parametrize("kind", ["drill", "test"])
def test_a_ring_about_practice_is_marked_as_long_as_it_rings_and_any_other_is_not(kind: str) -> None:
    call = StationCall()
    rings(call, ring(practice=kind))
    assert "DIỄN TẬP" in page(facts(call), language="vi")
    assert "back about a practice call" in page(facts(call))
    assert f"Lan calls about practice ({kind}): press the button" in "\n".join(facts(call).lines())
    call.decline(now_s=NOW_S)
    rings(call, ring("1" * 16))
    assert "The hub is calling" in page(facts(call))
    assert "DIỄN TẬP" not in page(facts(call), language="vi")


def test_an_emergency_is_marked_and_cannot_be_raised_again() -> None:
    call = registered()
    event = call.call_to_raise(5)
    assert event is not None
    call.raised(event, 6, now_s=NOW_S)
    html = page(facts(call))
    assert "EMERGENCY" in html
    assert 'value="raise"' not in html


def test_cancelling_asks_once_more_and_no_stands_where_the_finger_is() -> None:
    twice = cancel_page(5, station="con-dao-01", words=Words("en"))
    assert 'name="about" value="5"' in twice
    assert twice.index('name="deed" value="cancel"') < twice.index('name="deed" value=""')


def test_a_person_at_a_terminal_is_told_the_same() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert list(facts(call).lines()) == ["answered: a person has it, by Lan, for 0 s"]
    other = StationCall()
    other.practise("test", by="station", now_s=NOW_S)
    assert list(facts(other).lines())[-1] == "the next press is practice (test), for 600 s"
    rings(other, ring())
    assert "Lan calls: press the button, or `edge call accept`" in list(facts(other).lines())


def test_a_muted_microphone_is_said_for_as_long_as_it_is_so() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan", now_s=NOW_S + 1)
    html = page(facts(call))
    assert "MICROPHONE MUTED" not in html
    assert 'value="mute"' in html
    muted = facts(call).model_copy(update={"sound": StationSound(volume_pct=70, is_muted=True)})
    html = page(muted)
    assert "MICROPHONE MUTED" in html
    assert 'value="unmute"' in html
    assert "Volume 70 %" in html
    assert 'action="/sound' not in page(facts(registered())), "nobody listens yet"
