from edge.uplink.silence import Silence


def silent() -> Silence:
    """Something was sent at 100 s and nothing came back."""
    silence = Silence()
    silence.on_sent(now_s=100.0)
    return silence


def test_a_hub_that_has_not_answered_for_twenty_seconds_gets_one_parcel_at_a_time() -> None:
    silence = silent()
    assert silence.may_send(is_on_the_way=True, now_s=119.9)
    assert not silence.may_send(is_on_the_way=True, now_s=120.0)
    assert silence.may_send(is_on_the_way=False, now_s=120.0)


def test_probes_become_rarer_up_to_half_a_minute() -> None:
    silence, now_s, waits = silent(), 120.0, []
    for _ in range(5):
        assert silence.may_send(is_on_the_way=False, now_s=now_s)
        next_s = silence.next_s(now_s=now_s)
        assert next_s is not None
        assert not silence.may_send(is_on_the_way=False, now_s=next_s - 0.1)
        waits.append(next_s - now_s)
        now_s = next_s
    assert waits == [5.0, 10.0, 20.0, 30.0, 30.0]


def test_a_word_from_the_hub_opens_the_way_at_once() -> None:
    silence = silent()
    silence.may_send(is_on_the_way=False, now_s=500.0)
    silence.on_heard()
    assert silence.may_send(is_on_the_way=True, now_s=500.1)
    assert silence.next_s(now_s=500.1) is None


def test_more_parcels_do_not_make_the_silence_younger() -> None:
    silence = silent()
    silence.on_sent(now_s=119.0)
    assert not silence.may_send(is_on_the_way=True, now_s=120.0)


def test_a_new_connection_may_probe_at_once() -> None:
    silence = silent()
    assert silence.may_send(is_on_the_way=False, now_s=120.0)
    assert not silence.may_send(is_on_the_way=False, now_s=121.0)
    silence.on_connected()
    assert silence.may_send(is_on_the_way=False, now_s=121.0)


def test_a_hub_that_was_never_sent_anything_is_not_silent() -> None:
    assert Silence().may_send(is_on_the_way=False, now_s=1e6)
