"""Every topic, in one table (core). The broker's ACL and both ends are made from it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from contract.errors import Refusal, RefusedError
from contract.ids import BoxName, RecordClass, StationId
from contract.limits import COMMAND_MAX_BYTES, DESIRED_MAX_BYTES, PAYLOAD_MAX_BYTES, SIGNAL_MAX_BYTES

PREFIX: Final = "v1"


class Topic(Enum):
    """What follows `v1/<box>/`."""

    UP_CALL = "up/0"
    UP_NUMERIC = "up/1"
    UP_WAVEFORM = "up/2"
    UP_PART = "up/3"
    UP_SIGNAL = "up/signal"
    STATE = "state"
    RECEIPT = "down/receipt"
    INTEREST = "down/interest"
    SIGNAL = "down/signal"
    DESIRED = "down/desired"
    COMMAND = "down/command"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """How a topic is used. `expiry_s`: how long the broker may keep a message for a client that is away."""

    topic: Topic
    direction: Literal["up", "down"]
    qos: Literal[0, 1]
    retained: bool
    payload_max_bytes: int
    expiry_s: int | None = None


_RULES: Final = (
    TopicRule(Topic.UP_CALL, "up", 1, False, PAYLOAD_MAX_BYTES),
    TopicRule(Topic.UP_NUMERIC, "up", 1, False, PAYLOAD_MAX_BYTES),
    TopicRule(Topic.UP_WAVEFORM, "up", 1, False, PAYLOAD_MAX_BYTES),
    TopicRule(Topic.UP_PART, "up", 1, False, PAYLOAD_MAX_BYTES),
    TopicRule(Topic.UP_SIGNAL, "up", 1, False, SIGNAL_MAX_BYTES),
    TopicRule(Topic.STATE, "up", 1, True, SIGNAL_MAX_BYTES),
    TopicRule(Topic.RECEIPT, "down", 0, False, PAYLOAD_MAX_BYTES),
    TopicRule(Topic.INTEREST, "down", 0, False, SIGNAL_MAX_BYTES, expiry_s=30),
    TopicRule(Topic.SIGNAL, "down", 1, False, SIGNAL_MAX_BYTES, expiry_s=15),
    TopicRule(Topic.DESIRED, "down", 1, True, DESIRED_MAX_BYTES),
    TopicRule(Topic.COMMAND, "down", 1, False, COMMAND_MAX_BYTES, expiry_s=30),
)
RULES: Final = {rule.topic: rule for rule in _RULES}


def topic_name(box: BoxName | StationId, topic: Topic) -> str:
    """Return the whole name, such as "v1/con-dao-01.2/up/0"; a station's name is that of its box 0."""
    return f"{PREFIX}/{box}/{topic.value}"


def topic_of_class(record_class: RecordClass) -> Topic:
    """Return the topic that carries parcels of a class."""
    return Topic(f"up/{record_class.value}")


def parse_topic(name: str) -> tuple[BoxName, Topic]:
    """Return the box and the topic of a whole name. Raises RefusedError."""
    prefix, _, rest = name.partition("/")
    box, _, tail = rest.partition("/")
    try:
        topic = Topic(tail)
    except ValueError:
        raise RefusedError(Refusal.WRONG_TOPIC, f"topic {name[:80]!r} is not in the table") from None
    if prefix != PREFIX:
        raise RefusedError(Refusal.WRONG_TOPIC, f"topic {name[:80]!r} does not start with {PREFIX}/")
    return BoxName.parse(box), topic
