"""The tables of docs/wire.md say what the code says."""

import re
from typing import get_args

from contract import limits
from contract.codes import Condition
from contract.commands import AnyCommand, Command
from contract.desired import SETTINGS
from contract.errors import Refusal
from contract.events import AnyEvent, Event
from contract.media import AnyMediaSignal, MediaSignal
from contract.topics import RULES, Topic
from tests.unit.contract.wire_page import table


def _events() -> dict[str, type[Event]]:
    union, _discriminator = get_args(AnyEvent)
    models: tuple[type[Event], ...] = get_args(union)
    return {str(model.model_fields["event"].default): model for model in models}


def test_the_table_of_events_has_every_event_and_every_field() -> None:
    shown = {name.strip("`"): fields for name, fields, _ in table("event")}
    assert list(shown) == list(_events())
    for name, model in _events().items():
        top_level = re.sub(r"\{.*?\}", "", shown[name])
        fields = {field: "?" in mark for field, mark in re.findall(r"`([a-z_]+)`(\??)", top_level)}
        expected = {field: not info.is_required() for field, info in model.model_fields.items()}
        del expected["event"]
        assert fields == expected, name


def test_the_table_of_conditions_has_every_condition() -> None:
    assert [name for name, _ in table("condition")] == [condition.value for condition in Condition]


def test_the_table_of_media_signals_has_every_signal_and_every_field() -> None:
    models: tuple[type[MediaSignal], ...] = get_args(AnyMediaSignal)
    shown = {name.strip("`"): fields for name, fields in table("media signal")}
    assert list(shown) == [str(model.model_fields["signal"].default) for model in models]
    for model in models:
        name = str(model.model_fields["signal"].default)
        top_level = re.sub(r"\{.*?\}", "", shown[name]).replace("event `media`", "event")
        fields = {field: "?" in mark for field, mark in re.findall(r"`([a-z_]+)`(\??)", top_level)}
        expected = {field: not info.is_required() for field, info in model.model_fields.items()}
        assert {**fields, "signal": True, "spool": False, "call_seq": False} == expected, name


def test_the_table_of_topics_is_the_table_of_the_code() -> None:
    shown = [tuple(cells[:5]) for cells in table("topic")]
    assert shown == [
        (
            f"`{rule.topic.value}`",
            rule.direction,
            "yes" if rule.retained else "no",
            str(rule.payload_max_bytes),
            f"{rule.expiry_s} s" if rule.expiry_s else "-",
        )
        for rule in RULES.values()
    ]
    assert {rule.topic for rule in RULES.values() if rule.qos == 0} == {Topic.RECEIPT, Topic.INTEREST}


def test_the_table_of_settings_has_every_setting_with_its_range() -> None:
    shown = {name.strip("`"): value for name, value, _ in table("setting")}
    assert list(shown) == list(SETTINGS)
    for name, setting in SETTINGS.items():
        if setting.kind == "number":
            assert shown[name] == f"{setting.low} … {setting.high} {setting.unit}"


def test_the_table_of_commands_has_every_command() -> None:
    models: tuple[type[Command], ...] = get_args(get_args(AnyCommand)[0])
    shown = [name.strip("`") for name, _ in table("command")]
    assert shown == [str(model.model_fields["command"].default) for model in models]


def test_the_table_of_limits_has_the_code_s_values() -> None:
    shown = {name: int(value) for name, value, _ in table("limit")}
    assert shown == {name: getattr(limits, name) for name in shown}
    assert {name for name in vars(limits) if name.endswith("_MAX_BYTES")} <= set(shown)


def test_the_table_of_refusals_has_every_refusal_and_what_to_do() -> None:
    rows = table("number")
    assert [(int(number), name) for number, name, _, _ in rows] == [(one.value, one.name) for one in Refusal]
    assert all(cure for _, _, _, cure in rows)
