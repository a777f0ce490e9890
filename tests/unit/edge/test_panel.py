import pytest

from contract.codes import Condition
from edge.call.call_facts import CallFacts, call_facts
from edge.call.station_call import StationCall
from edge.capture.capture import BOARD
from edge.capture.device import DeviceSight
from edge.health.report import Finding
from edge.health.self_test import SelfTestNow
from edge.panel.devices_answer import station_devices
from edge.panel.own_pages import is_own
from edge.panel.pages import Notice, Silence, StationNow, VisitNow, next_person_page, station_page
from edge.panel.station_devices import DeviceNow, StationDevices, WhichDevice
from edge.panel.words import Words
from firmware_bridge.ports.identities import Question
from firmware_bridge.ports.port_sights import PortSight

NOBODY = VisitNow(0, asks_visit_over=False, awaits_sensors_off=False)
VISIT = NOBODY._replace(visit=7)
TESTED_PARTS = (
    *("camera", "card", "clock", "devices", "hub", "link", "media", "printer", "prompts", "seal"),
    *("self-test", "sound", "spool"),
)  # of the doctor's findings, but those of visit and call, and of the self-test's own
QUIET = CallFacts.model_validate(call_facts(StationCall(), hotline=None, now_s=0.0))
NOTHING = StationDevices(questions=(), devices=())
ASKED = StationDevices(
    questions=(WhichDevice(device="unconfirmed-1", candidates=("red", "blue"), port="/dev/ttyUSB0"),),
    devices=(DeviceNow(device="unconfirmed-1", port="/dev/ttyUSB0", state="connected"),),
)


def page(
    now: StationNow | Silence,
    notice: Notice | None = None,
    *,
    is_settling: bool = False,
    language: str = "vi",
) -> str:
    words = Words(language)
    return station_page(now, station="con-dao-01", notice=notice, is_settling=is_settling, words=words)


def sight(source: str, problem: str | None = None, *conditions: Condition) -> DeviceSight:
    return DeviceSight(
        source=source,
        name=source,
        model="BM1000",
        unverified="",
        problem=problem,
        conditions=conditions,
        lost_samples=0,
        unmeasured_samples=0,
        is_held_apart=False,
    )


def port(device: str, state: str) -> PortSight:
    return PortSight(f"/dev/{device or 'ttyUSB9'}", "", device, "", "", state, "", "", is_expected=False)


def test_the_question_stands_above_all_with_a_button_for_each_candidate_and_one_for_a_new_device() -> None:
    html = page(StationNow(VISIT, ASKED, QUIET))
    question, rest = html.split("</form>", 1)
    assert "Thiết bị nào vừa được cắm?" in question
    assert "/dev/ttyUSB0" in question
    assert [question.count(f'name="is_device" value="{one}"') for one in ("red", "blue", "")] == [1, 1, 1]
    assert 'name="device" value="unconfirmed-1"' in question
    assert "Người tiếp theo" in rest
    assert "chờ trả lời" in rest


def test_just_after_a_touch_no_question_stands_where_a_second_one_would_answer_it() -> None:
    html = page(StationNow(VISIT, ASKED, QUIET), is_settling=True)
    assert 'name="is_device"' not in html
    assert "chờ trả lời" in html


def test_the_answer_no_stands_where_the_button_was_that_led_there() -> None:
    twice = next_person_page(7, station="con-dao-01", words=Words("en"))
    assert twice.index('name="visit" value="7"') < twice.index('name="visit" value=""')


def test_where_nothing_is_asked_no_question_stands_there() -> None:
    html = page(StationNow(NOBODY, NOTHING, QUIET))
    assert "Thiết bị nào" not in html
    assert "Chưa cắm thiết bị nào" in html


def after_test(state: str = "QUIET", *findings: Finding, is_over: bool = True) -> StationNow:
    now = SelfTestNow(state=state, result=findings if is_over else None)
    return StationNow(NOBODY, NOTHING, QUIET, self_test=now)


def test_the_self_test_is_offered_where_nobody_calls_and_says_what_it_found() -> None:
    assert 'action="/self-test?lang=vi"' in page(after_test(is_over=False))
    assert 'action="/self-test' not in page(after_test("RUNS", is_over=False))
    assert "cứ bấm nút" in page(after_test("RUNS", is_over=False))
    assert "Xong cuộc gọi" in page(after_test("WAITS", is_over=False))
    well = Finding(part="card", is_well=True, text="written within 9 ms")
    assert "tất cả đều tốt" in page(after_test("QUIET", well))
    ill = Finding(part="camera", is_well=False, text="<gone>", remedy="plug it in")
    html = page(after_test("QUIET", well, ill), language="en")
    assert "something is not well" in html
    assert "Camera" in html
    assert "&lt;gone&gt;" in html
    assert "written within" not in html


def test_while_a_call_is_open_no_self_test_is_offered() -> None:
    call = StationCall()
    call.press(5, call.begin_press(), now_s=1.0)
    facts = CallFacts.model_validate(call_facts(call, hotline=None, now_s=1.0))
    assert 'action="/self-test' not in page(StationNow(NOBODY, NOTHING, facts))


@pytest.mark.parametrize("part", TESTED_PARTS)
def test_every_part_of_a_self_test_has_its_words(part: str) -> None:
    ill = Finding(part=part, is_well=False, text="x")
    assert '<span class="name">' in page(after_test("QUIET", ill))


def test_who_may_go_on_to_the_next_person_is_asked_only_while_a_visit_is_open() -> None:
    assert 'action="/next"' in page(StationNow(VISIT, NOTHING, QUIET))
    assert "lượt 7" in page(StationNow(VISIT, NOTHING, QUIET))
    assert 'action="/next"' not in page(StationNow(NOBODY, NOTHING, QUIET))
    over = VISIT._replace(asks_visit_over=True)
    assert "Is the visit over?" in page(StationNow(over, NOTHING, QUIET), language="en")
    awaits = NOBODY._replace(awaits_sensors_off=True)
    assert "Take all sensors off" in page(StationNow(awaits, NOTHING, QUIET), language="en")


def test_the_page_of_the_station_looks_again_and_the_one_that_asks_twice_waits() -> None:
    assert '<meta http-equiv="refresh" content="2">' in page(StationNow(VISIT, NOTHING, QUIET))
    assert '<meta http-equiv="refresh" content="2">' in page(Silence(3.0, was_heard=True, why="gone"))
    twice = next_person_page(7, station="con-dao-01", words=Words("en"))
    assert 'content="60; url=/?lang=en"' in twice
    assert 'method="post" action="/next?lang=en"' in twice
    assert 'name="visit" value="7"' in twice


def test_silence_is_said_with_its_time_and_shows_no_device_of_before() -> None:
    html = page(Silence(200.0, was_heard=True, why="vitals.sock: no answer"))
    assert "Máy đo không trả lời" in html
    assert "Từ 3 phút trước" in html
    assert "vitals.sock: no answer" in html
    assert "<button" not in html
    assert "khởi động, 5 giây" in page(Silence(5.0, was_heard=False, why=""))


def test_what_devices_call_themselves_stays_text() -> None:
    evil = '<b onclick="x">'
    named = StationDevices(
        questions=(WhichDevice(device=evil, candidates=(evil,), port=evil),),
        devices=(DeviceNow(device=evil, model=evil, port=evil, state="connected"),),
    )
    notice = Notice("refused", is_done=False, values={"why": evil})
    html = page(StationNow(VISIT, named, QUIET), notice)
    assert "<b" not in html.replace("<body", "").replace("<button", "").replace("<br", "")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_page_keeps_the_language_it_is_in(language: str) -> None:
    html = page(StationNow(VISIT, ASKED, QUIET), language=language)
    assert f'<html lang="{language}">' in html
    assert f'action="/devices?lang={language}"' in html
    assert f'name="lang" value="{language}"' in html


def test_devices_are_told_as_data_our_board_first() -> None:
    now = station_devices(
        [Question("unconfirmed-1", ("red",), "/dev/ttyUSB0")],
        [port("finger", "connected"), port("", "unknown")],
        [sight("finger", None, Condition.PROBE_OFF), sight(BOARD, "no heartbeat"), sight("long gone")],
    )
    assert [one.model_dump(mode="json") for one in now.questions] == [
        {"device": "unconfirmed-1", "candidates": ["red"], "port": "/dev/ttyUSB0"}
    ]
    assert [(one.device, one.state, one.conditions) for one in now.devices] == [
        (BOARD, "trouble", ()),
        ("finger", "connected", (Condition.PROBE_OFF,)),
        ("", "unknown", ()),
    ]
    assert StationDevices.model_validate_json(now.model_dump_json()) == now


@pytest.mark.parametrize(
    ("method", "host", "origin", "is_answered"),
    [
        ("GET", "127.0.0.1:8080", None, True),
        ("GET", "localhost:8080", None, True),
        ("GET", "evil.example:8080", None, False),  # a name that was let mean 127.0.0.1
        ("GET", "127.0.0.1", None, False),
        ("GET", None, None, False),
        ("POST", "127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("POST", "localhost:8080", "http://localhost:8080", True),
        ("POST", "127.0.0.1:8080", None, False),
        ("POST", "127.0.0.1:8080", "null", False),
        ("POST", "127.0.0.1:8080", "http://127.0.0.1:9000", False),
        ("POST", "127.0.0.1:8080", "https://evil.example", False),
        ("POST", "evil.example:8080", "http://evil.example:8080", False),
        ("DELETE", "127.0.0.1:8080", None, False),
    ],
)
def test_only_our_own_page_is_answered(
    method: str, host: str | None, origin: str | None, is_answered: bool
) -> None:
    assert is_own(method, host=host, origin=origin, port=8080) is is_answered
