from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from contract.desired import WHY_UNKNOWN, Desired, encode_desired, settings_hash
from contract.events import encode_event
from contract.limits import SETTINGS_MAX
from edge.config import BoxConfig, CallConfig
from edge.desired.document import WHOLE, InForce, hear
from edge.desired.lines import configuration_lines
from edge.desired.settings import in_force, told_in_force, told_of_the_place
from tests.unit.edge.test_doctor import CONFIG

WANTED: dict[str, JsonValue] = {"station_name": "Trạm Y tế Côn Đảo", "hotline": "115", "volume_pct": 80}


def payload(version: int = 1, *, epoch: int = 5, **settings: JsonValue) -> bytes:
    document = Desired(version=version, epoch=epoch, made_utc_us=1, by="Lan", settings=settings or WANTED)
    return encode_desired(document)


def heard(data: bytes, now: InForce | None = None) -> InForce:
    found = hear(data, now, is_asked=False)
    assert found is not None and found.in_force is not None
    return found.in_force


def test_a_document_is_taken_and_told_with_the_hash_of_all_that_came() -> None:
    found = hear(payload(), None, is_asked=False)
    assert found is not None
    assert found.event.taken == ("hotline", "station_name", "volume_pct")
    assert (found.event.version, found.event.hash) == (1, settings_hash(WANTED))
    assert found.event.replaces is None


def test_a_key_that_is_not_known_or_out_of_range_is_refused_and_the_others_are_taken() -> None:
    found = hear(payload(of_tomorrow=1, volume_pct=101, hotline="115"), None, is_asked=False)
    assert found is not None and found.in_force is not None
    assert dict(found.in_force.taken) == {"hotline": "115"}
    assert {one.name: one.why for one in found.event.refused} == {
        "of_tomorrow": WHY_UNKNOWN,
        "volume_pct": "Input should be less than or equal to 100",
    }


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", payload()[:-2], b"[" * 3_000])
def test_what_is_no_document_changes_nothing_and_is_told(data: bytes) -> None:
    now = heard(payload())
    found = hear(data, now, is_asked=False)
    assert found is not None
    assert found.in_force is now
    assert (found.event.version, found.event.taken) == (0, ())
    assert [one.name for one in found.event.refused] == [WHOLE]


def test_what_is_not_news_is_no_event_unless_it_is_asked_for() -> None:
    now = heard(payload(7))
    for version in (6, 7):
        assert hear(payload(version, hotline="113"), now, is_asked=False) is None
    asked = hear(payload(7), now, is_asked=True)
    assert asked is not None
    assert (asked.in_force, asked.event.version) == (now, 7)


def test_a_hub_from_a_backup_has_another_epoch_and_counts_with_a_lower_version() -> None:
    now = heard(payload(9))
    found = hear(payload(3, epoch=6, hotline="113"), now, is_asked=False)
    assert found is not None and found.in_force is not None
    assert (found.event.version, found.event.epoch, found.event.replaces) == (3, 6, 9)
    assert dict(found.in_force.taken) == {"hotline": "113"}


def test_what_was_saved_is_weighed_by_the_software_that_reads_it() -> None:
    now = heard(payload(7, hotline="115", of_tomorrow=1))
    again = InForce.restored(now.saved())
    assert again == now
    for unreadable in (None, {}, {"document": 3}, {"document": {"version": "x"}}):
        assert InForce.restored(unreadable) is None


def test_the_event_of_the_worst_document_fits() -> None:
    many = {f"k{number:02d}{'x' * 30}": number for number in range(SETTINGS_MAX)}
    found = hear(payload(1, **many), None, is_asked=False)
    assert found is not None
    assert len(encode_event(found.event)) < 8_192


def test_the_hub_stands_above_the_place_and_the_place_above_what_is_usual() -> None:
    config = with_call(CallConfig(hotline="0254 000 000", auto_answer="emergency"))
    assert in_force(config, {}).call.hotline == "0254 000 000"
    assert in_force(config, {}).station_name == config.station
    now = in_force(config, {"hotline": "115", "languages": ["en"], "status_every_s": 60, "volume_pct": 40})
    assert (now.call.hotline, now.call.languages, now.status_every_s, now.volume_pct) == (
        "115",
        ("en",),
        60.0,
        40,
    )


@pytest.mark.parametrize(
    ("place", "wanted", "answers"),
    [
        ("emergency", {}, "emergency"),
        ("emergency", {"answers_emergency_ring": True}, "emergency"),
        ("emergency", {"answers_emergency_ring": False}, "never"),
        ("never", {"answers_emergency_ring": True}, "never"),
    ],
)
def test_the_hub_takes_the_right_to_answer_away_and_never_gives_it(
    place: str, wanted: dict[str, bool], answers: str
) -> None:
    config = with_call(CallConfig(auto_answer=place))  # type: ignore[arg-type]
    assert in_force(config, wanted).call.auto_answer == answers


def test_every_value_is_told_with_who_set_it_and_no_file_of_a_key() -> None:
    told = {one.name: (one.value, one.origin) for one in told_in_force(CONFIG, {"volume_pct": 40})}
    assert told["volume_pct"] == ("40", "hub")
    assert told["station_name"] == (f'"{CONFIG.station}"', "default")
    place = " ".join(one.value for one in told_of_the_place(CONFIG))
    for secret in (CONFIG.key, CONFIG.certificate, CONFIG.seal_key, CONFIG.ca):
        assert str(secret) not in place


def test_the_engineer_reads_what_is_in_force_what_is_refused_and_the_place() -> None:
    now = heard(payload(7, volume_pct=40, of_tomorrow=1))
    told = {
        "event": "configuration",
        "software": "0.1.0",
        "version": 7,
        "settings": [one.model_dump() for one in told_in_force(CONFIG, now.taken)],
        "place": [one.model_dump() for one in told_of_the_place(CONFIG)],
    }
    desired = {**now.document.model_dump(), "hash": "0" * 32, "refused": dict(now.refused)}
    lines = list(configuration_lines({"desired": desired, "told": told}))
    assert "  volume_pct = 40  (the hub)" in lines
    assert f"  ✗ of_tomorrow is not taken: {WHY_UNKNOWN}" in lines
    assert any(line.startswith("  hub.host = ") for line in lines)
    assert "the hub: has never said what it wants" in list(
        configuration_lines({"desired": None, "told": told})
    )


def with_call(call: CallConfig) -> BoxConfig:

    return replace(CONFIG, call=call, file=Path("/box.toml"))
