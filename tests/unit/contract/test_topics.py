import pytest

from contract.errors import RefusedError
from contract.ids import BoxName, BoxNo, RecordClass, StationId
from contract.limits import PACKET_MAX_BYTES, PAYLOAD_MAX_BYTES
from contract.topics import RULES, Topic, parse_topic, topic_name, topic_of_class

LONGEST = BoxName(StationId("a" * 32), BoxNo(999_999))


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_parses_back_and_has_a_rule(topic: Topic) -> None:
    assert parse_topic(topic_name(LONGEST, topic)) == (LONGEST, topic)
    assert RULES[topic].direction == ("down" if topic.value.startswith("down/") else "up")
    assert RULES[topic].payload_max_bytes <= PAYLOAD_MAX_BYTES


def test_the_largest_payload_fits_a_packet_with_the_longest_name() -> None:
    room_for_properties = 64
    for topic, rule in RULES.items():
        name_bytes = len(topic_name(LONGEST, topic)) + 2
        assert rule.payload_max_bytes + name_bytes + room_for_properties <= PACKET_MAX_BYTES


@pytest.mark.parametrize("record_class", RecordClass)
def test_each_class_has_its_topic(record_class: RecordClass) -> None:
    assert topic_of_class(record_class).value == f"up/{record_class.value}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "v1",
        "v1/con-dao-01",
        "v1/con-dao-01/",
        "v1/con-dao-01/up/4",
        "v1/con-dao-01/up/0/",
        "v1/con-dao-01/up",
        "v1/con-dao-01/UP/0",
        "v2/con-dao-01/up/0",
        "/v1/con-dao-01/up/0",
        "v1/hub/up/0",
        "v1//up/0",
        "v1/+/up/0",
        "v1/con-dao-01/#",
        "v1/con/dao/up/0",
        "$SYS/broker/uptime",
        "v1/con-dao-01/up/0\n",
        "v1/con-dao-01\n/up/0",
        "v1/con-dao-01./up/0",
        "v1/con-dao-01.0/up/0",
        "v1/con-dao-01.01/up/0",
        "v1/con-dao-01.1.2/up/0",
        "v1/con-dao-01.1000000/up/0",
        "v1/hub.1/up/0",
    ],
)
def test_a_foreign_topic_is_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        parse_topic(name)
