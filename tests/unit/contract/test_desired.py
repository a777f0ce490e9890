import pytest
from pydantic import JsonValue

from contract.desired import (
    SETTINGS,
    Desired,
    encode_desired,
    parse_desired,
    settings_hash,
)
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import DESIRED_MAX_BYTES

WANTED: dict[str, JsonValue] = {"station_name": "Trạm Y tế Côn Đảo", "volume_pct": 80}
DOCUMENT = Desired(version=1, epoch=5, made_utc_us=1, by="Lan", settings=WANTED)


def test_a_document_comes_back_as_it_was_with_keys_that_nobody_knows_yet() -> None:
    newer = DOCUMENT.model_copy(update={"settings": {**WANTED, "of_tomorrow": {"deep": [1]}}})
    assert parse_desired(encode_desired(newer)) == newer


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (b"", Refusal.MALFORMED),
        (b"[]", Refusal.MALFORMED),
        (b'{"version":0,"epoch":1,"made_utc_us":1,"by":"","settings":{}}', Refusal.MALFORMED),
        (b'{"version":1,"epoch":1,"made_utc_us":1,"by":"","settings":{"A b":1}}', Refusal.MALFORMED),
        (b" " * (DESIRED_MAX_BYTES + 1), Refusal.OVERSIZED),
    ],
)
def test_what_is_no_document_is_refused_whole(payload: bytes, refusal: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_desired(payload)
    assert caught.value.refusal is refusal


def test_a_document_that_is_too_large_is_our_own_fault() -> None:
    large = DOCUMENT.model_copy(update={"settings": {"a": "x" * DESIRED_MAX_BYTES}})
    with pytest.raises(OwnFaultError):
        encode_desired(large)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("station_name", ["a", "Trạm Y tế " + "x" * 50], ["", " a", "a\nb", "x" * 61, 5]),
        ("hotline", ["115", "+84 254 383 0123"], ["", "12", "gọi Lan", "1" * 31]),
        ("languages", [["vi"], ["vi", "en"]], [[], ["vi", "vi"], ["VI"], ["a", "b"], "vi"]),
        ("answers_emergency_ring", [True, False], [1, "true", None]),
        ("status_every_s", [60, 3600], [59, 3601, 60.0, "60", True]),
        ("record_every_s", [10, 120], [9, 121]),
        ("volume_pct", [10, 100], [0, 9, 101]),
        ("video_max_bps", [20_000, 5_000_000], [0, 5_000_001]),
        ("video_max_height", [180, 1080], [179, 1081]),
        ("time_zone", ["Asia/Ho_Chi_Minh", "UTC"], ["Mars/Olympus", "../x", "/etc/passwd", ""]),
    ],
)
def test_each_setting_has_its_range(name: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert SETTINGS[name].check(value) == value
    for value in bad:
        with pytest.raises(RefusedError, match=name):
            SETTINGS[name].check(value)


def test_the_hash_is_of_keys_and_values_in_whatever_order() -> None:
    assert settings_hash(WANTED) == settings_hash(dict(reversed(WANTED.items())))
    assert settings_hash(WANTED) != settings_hash({**WANTED, "volume_pct": 81})
