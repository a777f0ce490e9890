"""How often a token may ask: a handful at once, then so many a second, each token by itself."""

import pytest

from hub.api.allowance import AT_ONCE, KEPT_MAX, Allowance


def test_a_handful_at_once_then_one_each_twentieth_of_a_second() -> None:
    allowance = Allowance()
    assert [allowance.wait_s(1, now_s=10.0) for _ in range(int(AT_ONCE))] == [0.0] * int(AT_ONCE)
    assert allowance.wait_s(1, now_s=10.0) == pytest.approx(0.05)
    assert allowance.wait_s(1, now_s=10.04) == pytest.approx(0.01)
    assert allowance.wait_s(1, now_s=10.06) == 0.0
    assert allowance.wait_s(1, now_s=10.06) > 0.0
    assert allowance.wait_s(2, now_s=10.06) == 0.0  # another token's business


def test_it_never_holds_more_than_a_handful_nor_remembers_everybody() -> None:
    allowance = Allowance()
    allowance.wait_s(1, now_s=0.0)
    assert [allowance.wait_s(1, now_s=1e6) for _ in range(int(AT_ONCE))] == [0.0] * int(AT_ONCE)
    assert allowance.wait_s(1, now_s=1e6) > 0.0
    for token in range(2, KEPT_MAX + 2):
        allowance.wait_s(token, now_s=1e6)
    assert len(allowance._left) == KEPT_MAX
    assert allowance.wait_s(1, now_s=1e6) == 0.0  # it was forgotten: no harm, it had its pause
