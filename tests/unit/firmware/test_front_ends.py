"""ECG, pleth and button loop. Runs under CPython and under MicroPython: nothing imported but ours."""

import struct

from firmware_bridge.firmware import ads1292r, max30102, wire
from firmware_bridge.firmware.backlog import Backlog
from firmware_bridge.firmware.board import Board, Identity
from firmware_bridge.firmware.cadence import Cadence
from firmware_bridge.firmware.ecg import LEAD_I, LEAD_II, Ecg
from firmware_bridge.firmware.loop import level_of
from firmware_bridge.firmware.max30102 import Max30102
from firmware_bridge.firmware.pleth import PLETH, SPO2, Pleth
from firmware_bridge.firmware.saturation import Calibration
from firmware_bridge.firmware.streams import Stream

S = 1_000_000
PERIOD_US = ads1292r.PERIOD_US
ALL_ON = 0


def conversion(lead_i: int, lead_ii: int, status: int = ALL_ON) -> bytes:
    """Return nine bytes of the chip: readings of 24 bits, lead-off bits as in its status word."""
    words = (0xC00000 | status << 15, lead_i & 0xFFFFFF, lead_ii & 0xFFFFFF)
    return b"".join([word.to_bytes(3, "big") for word in words])


def told(streams: tuple[Stream, ...], backlog: Backlog) -> list[tuple[int, str, int, int, int]]:
    """Return (stream, "samples" or "gap", first index, count, flags or reason) of what was measured."""
    for stream in streams:
        stream.flush(0)
    found = []
    while (item := backlog.take()) is not None:
        message_type, payload, _ = item
        if message_type == wire.GAP:
            stream_id, first, count, reason = struct.unpack(wire.GAP_LAYOUT, payload)
            found.append((stream_id, "gap", first, count, reason))
        else:
            stream_id, flags, first, _, _, count, _ = struct.unpack(wire.SAMPLES_HEAD, payload[:18])
            found.append((stream_id, "samples", first, count, flags))
    return found


def started(streams: tuple[Stream, ...]) -> Backlog:
    backlog = Backlog()
    for stream in streams:
        stream.start(backlog)
    return backlog


def test_nine_bytes_are_two_leads_with_their_sign_and_five_electrode_bits() -> None:
    raw = conversion(100, -100, status=0b01000)
    assert ads1292r.is_conversion(raw)
    assert (ads1292r.channel(raw, 3), ads1292r.channel(raw, 6)) == (100, -100)
    assert ads1292r.channel(conversion(-(1 << 23), 0), 3) == -(1 << 23)
    assert ads1292r.electrodes_off(raw) == ads1292r.RA
    assert ads1292r.electrodes_off(conversion(0, 0, status=0b00001)) == ads1292r.LA
    assert ads1292r.electrodes_off(conversion(0, 0, status=0b00100)) == ads1292r.LL
    assert ads1292r.electrodes_off(conversion(0, 0, status=0b10000)) == ads1292r.RL
    assert not ads1292r.is_conversion(b"\xff" * 9)
    assert not ads1292r.is_conversion(bytes(9))


def test_a_step_of_the_ecg_is_what_the_chip_and_the_left_out_bits_make() -> None:
    assert abs(ads1292r.STEP_UV - 0.04808 * 64) < 0.001
    ecg = Ecg()
    backlog = started(ecg.streams)
    ecg.take(conversion(64 * 325, -64 * 325 - 40), PERIOD_US)  # a millivolt is 325 steps
    for stream in ecg.streams:
        stream.flush(0)
    values = []
    while (item := backlog.take()) is not None:
        values.append(struct.unpack("<i", b"\0" + item[1][18:21])[0] >> 8)
    assert values == [325, -326]


def test_leads_are_two_streams_each_with_its_own_electrodes() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    for n in range(3):
        ecg.take(conversion(n, n, status=0b00001), 2 * S + n * PERIOD_US)  # the left arm
    masks = {}
    for stream in ecg.streams:
        stream.flush(0)
    while (item := backlog.take()) is not None:
        masks[item[1][0]] = item[1][-2]
    assert masks == {LEAD_I: ads1292r.LA, LEAD_II: 0}


def test_an_electrode_that_comes_back_settles_for_a_second() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    off, on = conversion(0, 0, status=0b00001), conversion(0, 0)
    for n in range(1000):
        ecg.take(off if 500 <= n < 510 else on, (n + 1) * PERIOD_US)
    valid, settling = wire.FLAG_LEAD_OFF_VALID, wire.FLAG_LEAD_OFF_VALID | wire.FLAG_SETTLING
    spans: list[list[int]] = []  # flags, samples
    for stream_id, _, _, count, flags in told(ecg.streams, backlog):
        if stream_id == LEAD_II:
            if spans and spans[-1][0] == flags:
                spans[-1][1] += count
            else:
                spans.append([flags, count])
    assert spans == [[settling, 249], [valid, 261], [settling, 250], [valid, 240]]


def test_a_reading_at_the_rail_is_clipped() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    ecg.take(conversion(0x7FFFFF, -0x800000), 2 * S)
    for _, _, _, _, flags in told(ecg.streams, backlog):
        assert flags & wire.FLAG_CLIPPED
    assert ecg.is_alive


def test_conversions_that_did_not_come_are_a_gap_of_their_number() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    for n in [0, 1, 2, 6, 7, 8, 9, 10]:
        ecg.take(conversion(0, 0), (n + 500) * PERIOD_US)
    found = [item for item in told(ecg.streams, backlog) if item[0] == LEAD_I]
    assert [item[1:4] for item in found] == [("samples", 0, 3), ("gap", 3, 3), ("samples", 6, 5)]
    assert found[1][4] == wire.GAP_FIFO_OVERFLOW


def test_bytes_that_are_no_conversion_are_a_missing_sample() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    for n in range(10):
        ecg.take(b"\xff" * 9 if n == 4 else conversion(0, 0), (n + 500) * PERIOD_US)
    found = [item[1:4] for item in told(ecg.streams, backlog) if item[0] == LEAD_I]
    assert found == [("samples", 0, 4), ("gap", 4, 1), ("samples", 5, 5)]
    assert ecg.damaged_count == 1


def test_a_front_end_that_stalls_is_started_again_and_the_hole_says_so() -> None:
    ecg = Ecg()
    backlog = started(ecg.streams)
    ecg.take(conversion(0, 0), S)
    assert not ecg.needs_restart(S + 499_999)
    assert ecg.needs_restart(S + 500_000)
    assert not ecg.needs_restart(S + 500_001)  # it was asked just now
    ecg.take(conversion(0, 0), 2 * S)
    found = [item[1:] for item in told(ecg.streams, backlog) if item[0] == LEAD_I]
    assert found[1] == ("gap", 1, 249, wire.GAP_AFE_RESET)


def test_a_reading_served_late_is_no_missing_one() -> None:
    cadence = Cadence(4000)
    assert cadence.arrive(100_000) == 0
    missing = [cadence.arrive(t_us) for t_us in (104_000, 111_500, 112_100, 116_000)]
    assert missing == [0, 0, 0, 0]
    assert abs(cadence.at_us - 116_000) < 1000
    assert cadence.arrive(124_100) == 1


def test_a_clock_two_percent_off_is_followed_without_a_loss() -> None:
    for period_us in (3920, 4080):
        cadence = Cadence(4000)
        for n in range(5000):
            assert cadence.arrive(1000 + n * period_us) == 0
        assert abs(cadence.at_us - (1000 + 4999 * period_us)) < 400


def test_electrodes_are_told_after_they_were_so_for_200_ms_and_to_each_new_host() -> None:
    ecg = Ecg()
    board = Board(Identity(b"HD000001", hw_revision=1), boot_id=7, cause=1, streams=ecg.streams)
    greeting = struct.pack(wire.HOST_HELLO_LAYOUT, 1, 2, wire.SCHEMA_HASH)
    on, off = conversion(0, 0), conversion(0, 0, status=0b00100)

    def waits() -> list[tuple[int, int, int]]:
        found = []
        while (entry := board.ring.take_due(wire.LEAD_STATE, 1 << 50)) is not None:
            found.append(struct.unpack(wire.LEAD_STATE_LAYOUT, entry.payload)[:3])
            board.ring.on_ack(entry.event_id, board.boot_id, wire.LEVEL_STORED, 0)
        return found

    ecg.take(on, 0)
    ecg.tell(board, S)
    assert waits() == []  # nobody has greeted
    board._on_host_hello(7, struct.unpack(wire.HOST_HELLO_LAYOUT, greeting))
    ecg.tell(board, 2 * S)
    assert waits() == [(LEAD_I, 0, wire.PROBE_ON), (LEAD_II, 0, wire.PROBE_ON)]
    ecg.take(off, 3 * S)
    ecg.tell(board, 3 * S)
    ecg.take(on, 3 * S + 100_000)
    ecg.tell(board, 3 * S + 100_000)
    ecg.tell(board, 4 * S)
    assert waits() == []  # it was so for too short a time
    ecg.take(off, 5 * S)
    ecg.tell(board, 5 * S)
    ecg.tell(board, 5 * S + 200_000)
    assert waits() == [(LEAD_II, ads1292r.LL, wire.PROBE_ON)]
    board._on_host_hello(7, struct.unpack(wire.HOST_HELLO_LAYOUT, greeting))
    ecg.tell(board, 6 * S)
    assert len(waits()) == 2
    ecg.is_alive = False
    ecg.tell(board, 7 * S)
    ecg.tell(board, 8 * S)
    assert [probe for _, _, probe in waits()] == [wire.PROBE_FAULT, wire.PROBE_FAULT]


# The finger


FINGER, AIR = (80_000, 100_000), (900, 900)  # red, infrared


def test_without_a_finger_there_is_no_value_and_with_one_a_heartbeat_goes_up() -> None:
    pleth = Pleth(None)
    backlog = started(pleth.streams)
    pleth.take([AIR] * 5, 0, 50_000)
    pleth.take([FINGER] * 5, 0, 100_000)
    assert pleth.has_finger
    for stream in pleth.streams:
        stream.flush(0)
    gap, block = backlog.take(), backlog.take()
    assert gap is not None
    assert block is not None
    assert struct.unpack(wire.GAP_LAYOUT, gap[1]) == (PLETH, 0, 5, wire.GAP_NO_VALUE)
    _, _, first, t_first_us, period_us, count, _ = struct.unpack(wire.SAMPLES_HEAD, block[1][:18])
    assert (first, t_first_us, period_us, count) == (5, 60_000, 10_000, 5)
    assert struct.unpack("<i", b"\0" + block[1][18:21])[0] >> 8 == max30102.FULL_SCALE - 100_000


def test_what_the_fifo_lost_is_a_gap_after_what_it_held() -> None:
    pleth = Pleth(None)
    backlog = started(pleth.streams)
    pleth.take([FINGER] * 5, 0, 50_000)
    pleth.take([FINGER] * 32, 13, 500_000)  # 32 held, 13 lost: 450 ms
    pleth.take([FINGER] * 5, 0, 550_000)
    found = [item[1:4] for item in told(pleth.streams, backlog)]
    total = sum([count for _, _, count in found])
    assert ("gap", 37, 13) in found
    assert total == 55


def test_more_lost_than_the_counter_can_say_is_counted_by_time() -> None:
    pleth = Pleth(None)
    backlog = started(pleth.streams)
    pleth.take([FINGER] * 5, 0, 50_000)
    pleth.take([FINGER] * 32, -1, 1_050_000)
    pleth.take([FINGER] * 1, 0, 1_060_000)
    found = [item[1:4] for item in told(pleth.streams, backlog)]
    assert ("gap", 37, 68) in found
    assert sum([count for _, _, count in found]) == 106


def test_no_spo2_is_announced_without_a_calibration() -> None:
    assert [stream.stream_id for stream in Pleth(None).streams] == [PLETH]
    assert [stream.stream_id for stream in Pleth(Calibration(110.0, -25.0, 0.0)).streams] == [PLETH, SPO2]


def beating(ratio: float, count: int, first: int = 0) -> list[tuple[int, int]]:
    """Return samples whose light swings by 2 % once a second; red by `ratio` of that."""
    samples = []
    for n in range(first, first + count):
        phase = abs(n % 100 - 50) / 50
        samples.append((round(80_000 * (1 + 0.02 * ratio * phase)), round(100_000 * (1 + 0.02 * phase))))
    return samples


def test_spo2_comes_each_second_by_the_stored_calibration_and_not_before_four_seconds() -> None:
    pleth = Pleth(Calibration(110.0, -25.0, 0.0))
    backlog = started(pleth.streams)
    for second in range(6):
        pleth.take(beating(0.5, 100, second * 100), 0, (second + 1) * S)
    values, absent = [], 0
    while (item := backlog.take()) is not None:
        message_type, payload, _ = item
        if payload[0] == SPO2 and message_type == wire.SAMPLES:
            values.append(payload[18])
    for stream in pleth.streams:
        stream.flush(0)
    assert len(values) == 3
    assert all([abs(value - 97.5) <= 1 for value in values])
    assert absent == 0


def test_spo2_is_absent_without_a_pulse_without_a_finger_and_out_of_the_calibrated_range() -> None:
    for samples in ([FINGER] * 100, [AIR] * 100, beating(2.0, 100)):  # the last would be 60 %
        pleth = Pleth(Calibration(110.0, -25.0, 0.0))
        backlog = started(pleth.streams)
        for second in range(8):
            pleth.take(samples, 0, (second + 1) * S)
        found = [item for item in told(pleth.streams, backlog) if item[0] == SPO2]
        assert [item[1] for item in found if item[1] == "samples"] == []
        assert sum([item[3] for item in found]) == 8
        assert [item[4] for item in found] == [wire.GAP_NO_VALUE] * len(found)


class Chip:
    """A MAX30102 on its bus: registers and a FIFO."""

    def __init__(self, part: int = 0x15) -> None:
        self.registers = {0xFF: part}
        self.fifo: list[tuple[int, int]] = []
        self.lost = 0

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        assert address == max30102.ADDRESS
        if register == 0x04:
            return bytes([len(self.fifo) % 32, min(self.lost, 31), 0])
        if register == 0x07:
            data = b"".join([a.to_bytes(3, "big") + b.to_bytes(3, "big") for a, b in self.fifo])
            self.fifo, self.lost = [], 0
            assert len(data) == count
            return data
        return bytes([self.registers.get(register, 0)] * count)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self.registers[register] = data[0]


def test_the_finger_sensor_is_set_up_and_read_with_its_losses() -> None:
    chip = Chip()
    sensor = Max30102(chip)
    assert sensor.start()
    assert chip.registers[0x09] == 0x03
    assert sensor.read() == ([], 0)
    chip.fifo = [(1, 2), (0x3FFFF, 3)]
    assert sensor.read() == ([(1, 2), (0x3FFFF, 3)], 0)
    chip.fifo, chip.lost = [(5, 6)] * 32, 7
    assert sensor.read() == ([(5, 6)] * 32, 7)
    chip.fifo, chip.lost = [(5, 6)] * 32, 400
    assert sensor.read()[1] == -1
    assert not Max30102(Chip(part=0x11)).start()


def test_the_loop_reads_up_down_cut_and_shorted_with_room_between() -> None:
    assert [level_of(65536 * share // 100) for share in (0, 18, 55, 99)] == [
        wire.LOOP_SHORT,
        wire.BUTTON_DOWN,
        wire.BUTTON_UP,
        wire.LOOP_OPEN,
    ]
    assert [level_of(65536 * share // 100) for share in (5, 12, 30, 42, 70, 90)] == [
        wire.LOOP_SHORT,
        wire.BUTTON_DOWN,
        wire.BUTTON_DOWN,
        wire.BUTTON_UP,
        wire.BUTTON_UP,
        wire.LOOP_OPEN,
    ]
