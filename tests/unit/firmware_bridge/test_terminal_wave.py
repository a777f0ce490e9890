from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.terminal.wave import BLANK, TerminalWave


def test_a_ramp_rises_from_the_lower_left_to_the_upper_right() -> None:
    wave = TerminalWave(columns=2, rows=1, samples_a_dot=1)
    wave.add([0, 1, 2, 3])
    [row] = wave.lines()
    assert row == chr(BLANK | 0x40 | 0x20) + chr(BLANK | 0x02 | 0x08)


def test_missing_samples_leave_a_blank() -> None:
    wave = TerminalWave(columns=2, rows=1, samples_a_dot=1)
    wave.add([5, 5])
    wave.gap()
    wave.add([5])
    [row] = wave.lines()
    assert ord(row[1]) & 0x47 == 0  # the left column of the second character
    assert ord(row[1]) & 0xB8


def test_a_short_spike_among_many_samples_is_seen() -> None:
    wave = TerminalWave(columns=1, rows=2, samples_a_dot=50)
    wave.add([0] * 49 + [100] + [0] * 50)
    upper, _ = wave.lines()
    assert upper != chr(BLANK)


@given(st.lists(st.integers(-(2**31), 2**31 - 1)), st.integers(1, 20), st.integers(1, 5), st.integers(0, 9))
def test_any_samples_fit_the_frame(samples: list[int], columns: int, rows: int, samples_a_dot: int) -> None:
    wave = TerminalWave(columns=columns, rows=rows, samples_a_dot=samples_a_dot)
    wave.add(samples)
    lines = wave.lines()
    assert [len(line) for line in lines] == [columns] * rows
    assert all(BLANK <= ord(cell) <= BLANK + 0xFF for line in lines for cell in line)
