from edge.video.transport.consent import EXPIRY_S, SILENCE_S, Consent


def test_consent_lasts_thirty_seconds_from_the_last_answer() -> None:
    consent = Consent(now_s=100.0)
    assert not consent.is_expired(now_s=129.9)
    assert consent.is_expired(now_s=130.0)
    consent.on_answer(now_s=129.0)
    assert not consent.is_expired(now_s=158.9)
    assert consent.is_expired(now_s=159.0)


def test_answers_of_five_second_round_trips_keep_it() -> None:
    consent = Consent(now_s=0.0)
    for asked_s in range(5, 600, 5):
        assert not consent.is_path_lost(now_s=asked_s + 4.9)
        consent.on_answer(now_s=asked_s + 5.0)


def test_packets_alone_do_not_renew_consent() -> None:
    consent = Consent(now_s=0.0)
    for second in range(int(EXPIRY_S)):
        consent.on_heard(now_s=float(second))
    assert not consent.is_path_lost(now_s=EXPIRY_S - 0.1)
    assert consent.is_expired(now_s=EXPIRY_S)
    assert consent.is_path_lost(now_s=EXPIRY_S)


def test_silence_is_the_earlier_sign_of_a_lost_path() -> None:
    consent = Consent(now_s=0.0)
    consent.on_heard(now_s=3.0)
    assert consent.verdict_s == 3.0 + SILENCE_S
    assert not consent.is_path_lost(now_s=2.9 + SILENCE_S)
    assert consent.is_path_lost(now_s=3.0 + SILENCE_S)
    assert not consent.is_expired(now_s=3.0 + SILENCE_S)


def test_ten_seconds_of_outage_are_outlived() -> None:
    consent = Consent(now_s=0.0)
    consent.on_heard(now_s=60.0)
    consent.on_answer(now_s=60.0)
    assert not consent.is_path_lost(now_s=70.5)
