from hub.enrolment.nonces import LIFE_S, is_fresh, make_nonce

KEY = b"k" * 32


def test_a_nonce_is_fresh_for_a_while_and_only_where_it_was_made() -> None:
    nonce = make_nonce(KEY, now_s=100.0)
    assert is_fresh(KEY, nonce, now_s=100.0)
    assert is_fresh(KEY, nonce, now_s=100.0 + LIFE_S)
    assert not is_fresh(KEY, nonce, now_s=100.1 + LIFE_S)
    assert not is_fresh(KEY, nonce, now_s=99.0)
    assert not is_fresh(b"l" * 32, nonce, now_s=100.0)


def test_what_nobody_made_is_not() -> None:
    stamp, code = make_nonce(KEY, now_s=100.0).split(".")
    for forged in ("", ".", "x", f"{stamp}.", f".{code}", f"ffff.{code}", f"{stamp}.{code}0", "é.é"):
        assert not is_fresh(KEY, forged, now_s=100.0)
