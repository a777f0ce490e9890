"""Who the board says it is: HELLO in our own words."""

from firmware_bridge.board.catalogue import SCHEMA_HASH
from firmware_bridge.board.stream_messages import Capability, Hello
from firmware_bridge.events import BoardConnected, StreamDescription


def spoken_streams(hello: Hello) -> tuple[StreamDescription, ...]:
    """Return the streams we can read: none when the board speaks another schema."""
    return hello.streams if hello.schema_hash == SCHEMA_HASH else ()


def introduction(hello: Hello, *, board_boot: int, box_t_us: int) -> BoardConnected:
    """Return what the rest of the box hears of a HELLO."""
    return BoardConnected(
        uid=hello.uid,
        board_boot=board_boot,
        reset_cause=hello.reset_cause,
        firmware=".".join(map(str, hello.firmware)),
        hw_model=hello.hw_model,
        hw_revision=hello.hw_revision,
        build_hash=hello.build_hash,
        streams=spoken_streams(hello),
        has_button=bool(hello.caps & Capability.BUTTON),
        has_button_loop=bool(hello.caps & Capability.BUTTON_LOOP),
        has_buzzer=bool(hello.caps & Capability.BUZZER),
        is_schema_known=hello.schema_hash == SCHEMA_HASH,
        box_t_us=box_t_us,
    )
