"""What the bridge says of our own board, with literal values."""

import numpy as np

from firmware_bridge.events import (
    BoardConnected,
    LeadState,
    ProbeState,
    SampleBlock,
    StreamDescription,
    StreamKind,
    StreamUnit,
)

UID = bytes.fromhex("4844000000000001")
ECG, PLETH, SPO2, PULSE = 1, 2, 3, 4  # the board's own numbers


def stream(
    stream_id: int,
    kind: int,
    mdc: int,
    *,
    rate_mhz: int = 250_000,
    channels: int = 1,
    scale: float = 1.0,
    unit: int = StreamUnit.COUNT,
) -> StreamDescription:
    return StreamDescription(stream_id, kind, mdc, rate_mhz, channels, 24, scale, unit)


OURS = (
    stream(ECG, StreamKind.ECG, 131328, scale=5.0, unit=StreamUnit.MICROVOLT),
    stream(PLETH, StreamKind.PPG, 150452, rate_mhz=75_000),
    stream(SPO2, StreamKind.NUMERIC, 150456, rate_mhz=1_000, unit=StreamUnit.PERCENT),
    stream(PULSE, StreamKind.NUMERIC, 149530, rate_mhz=1_000, unit=StreamUnit.PER_MINUTE),
)


def connected(
    *some: StreamDescription, streams: tuple[StreamDescription, ...] = OURS, board_boot: int = 0xBEEF
) -> BoardConnected:
    return BoardConnected(
        uid=UID,
        board_boot=board_boot,
        reset_cause=1,
        firmware="0.1.0",
        hw_model=1,
        hw_revision=2,
        build_hash=0,
        streams=some or streams,
        has_button=True,
        has_button_loop=True,
        has_buzzer=True,
        is_schema_known=bool(some or streams),
        box_t_us=1_000_000,
    )


def block(
    stream_id: int, first: int, count: int, *, mask: int | None = None, board_boot: int = 0xBEEF
) -> SampleBlock:
    samples = np.arange(first, first + count, dtype=np.int32).reshape(-1, 1)
    t_us = 2_000_000 + first * 4_000
    return SampleBlock(
        stream_id=stream_id,
        board_boot=board_boot,
        first_index=first,
        samples=samples,
        board_t_us=t_us - 1_000_000,
        box_t_us=t_us,
        lead_off_mask=mask,
        is_settling=False,
        is_clipped=False,
    )


def leads(stream_id: int, *, mask: int = 0, probe: int = ProbeState.ON) -> LeadState:
    return LeadState(stream_id, mask, probe, 3_000_000)
