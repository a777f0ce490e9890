import pytest

from contract.errors import Refusal, RefusedError
from contract.limits import SIGNAL_MAX_BYTES
from contract.signals import AnySignal, BoxState, CallState, Interest, encode_signal, parse_signal

SPOOL = "0123456789abcdef"
ALL: list[AnySignal] = [
    Interest(lease_s=0.0),
    Interest(lease_s=120.0),
    CallState(spool=SPOOL, call_seq=6, state="claimed", revision=4, by="chị Lan"),
    CallState(spool=SPOOL, call_seq=6, state="unknown", revision=0),
    BoxState(connected=True, spool=SPOOL, boot=3, t_us=9_000_000, open_call=6),
    BoxState(connected=False, spool=SPOOL, boot=3, t_us=0),
]


@pytest.mark.parametrize("signal", ALL, ids=lambda signal: type(signal).__name__)
def test_a_signal_comes_back_as_it_was(signal: AnySignal) -> None:
    assert parse_signal(encode_signal(signal)) == signal


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ('{"signal":"interest","lease_s":121}', Refusal.MALFORMED),
        ('{"signal":"interest","lease_s":-1}', Refusal.MALFORMED),
        ('{"signal":"interest","lease_s":NaN}', Refusal.MALFORMED),
        ('{"signal":"interest","lease_s":"30"}', Refusal.MALFORMED),
        ('{"signal":"not yet","sdp":""}', Refusal.UNKNOWN_VERSION),
        ('{"lease_s":30}', Refusal.MALFORMED),
        ("interest", Refusal.MALFORMED),
        ("", Refusal.MALFORMED),
        (" " * (SIGNAL_MAX_BYTES + 1), Refusal.OVERSIZED),
    ],
)
def test_a_signal_that_cannot_be_is_refused(text: str, refusal: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_signal(text.encode())
    assert caught.value.refusal is refusal


@pytest.mark.parametrize("spool", ["", "0123456789ABCDEF", SPOOL + "0", SPOOL + "\\n"])
def test_a_call_state_of_no_spool_is_refused(spool: str) -> None:
    text = f'{{"signal":"call","spool":"{spool}","call_seq":6,"state":"ended","revision":1}}'
    with pytest.raises(RefusedError) as caught:
        parse_signal(text.encode())
    assert caught.value.refusal is Refusal.MALFORMED
