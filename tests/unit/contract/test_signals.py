import json

import pytest

from contract.errors import Refusal, RefusedError
from contract.limits import SIGNAL_MAX_BYTES
from contract.media import (
    Answer,
    AnyMediaSignal,
    IceServer,
    Join,
    Leave,
    Offer,
    PeerMedia,
    PhotoTaken,
    Renew,
    StationMedia,
    TakePhoto,
    is_down,
    is_up,
)
from contract.signals import (
    AnySignal,
    BoxState,
    CallState,
    ConfirmDevice,
    Interest,
    OnTheLine,
    encode_signal,
    parse_signal,
)

SPOOL = "0123456789abcdef"
CALL: dict[str, object] = {"spool": SPOOL, "call_seq": 6}
PAGE, LEG, PHOTO = "a" * 16, "b" * 16, "c" * 32
TURN = {"urls": ["turn:hub:3478"], "username": "u", "credential": "c"}


def media(kind: type[AnyMediaSignal], **fields: object) -> AnyMediaSignal:
    return kind.model_validate({**CALL, **fields})


DOWN = [
    media(Join, page=PAGE),
    media(Join, page=PAGE, leg=LEG, ice=[IceServer.model_validate(TURN)]),
    media(Leave, page=PAGE),
    media(Renew, page=PAGE, leg=LEG),
    media(Offer, page=PAGE, leg=LEG, direction="down", sdp="v=0"),
    media(Answer, page=PAGE, leg=LEG, direction="up", sdp="v=0"),
    media(PeerMedia, page=PAGE, microphone="on", camera="refused"),
    media(TakePhoto, photo=PHOTO),
]
UP = [
    media(Offer, page=PAGE, leg=LEG, direction="up", sdp="v=0"),
    media(Answer, page=PAGE, leg=LEG, direction="down", sdp="v=0"),
    media(StationMedia, camera="off", microphone="open", loudspeaker="busy"),
    media(PhotoTaken, photo=PHOTO, size_bytes=1),
    media(PhotoTaken, photo=PHOTO, text="camera is missing"),
]
ALL: list[AnySignal] = [
    *DOWN,
    *UP,
    Interest(lease_s=0.0),
    Interest(lease_s=120.0),
    CallState(spool=SPOOL, call_seq=6, state="claimed", revision=4, by="chị Lan"),
    CallState(
        spool=SPOOL,
        call_seq=6,
        state="claimed",
        revision=5,
        by="chị Lan",
        others=(OnTheLine(name="BS Minh", role="doctor", speaks=True),),
    ),
    CallState(spool=SPOOL, call_seq=6, state="unknown", revision=0),
    BoxState(connected=True, spool=SPOOL, boot=3, t_us=9_000_000, open_call=6),
    BoxState(connected=False, spool=SPOOL, boot=3, t_us=0),
    BoxState(connected=True, spool=SPOOL, boot=3, t_us=0, machine="10000000abcdef01", boot_name="6f1a-0c"),
    ConfirmDevice(device="nonin-new-2", is_device="nonin-1", by="chị Lan"),
    ConfirmDevice(device="nonin-new-2", by=""),
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


@pytest.mark.parametrize("signal", [*DOWN, *UP], ids=lambda signal: signal.signal)
def test_each_media_signal_has_one_side_that_says_it(signal: AnyMediaSignal) -> None:
    assert (is_down(signal), is_up(signal)) == (signal in DOWN, signal in UP)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("join", "page", "A" * 16),
        ("join", "ice", [TURN] * 5),
        ("renew", "leg", "b" * 15),
        ("offer", "direction", "sideways"),
        ("offer", "sdp", ""),
        ("offer", "sdp", "v" * 12_001),
        ("photo", "photo", "c" * 16),
        ("media", "camera", "asleep"),
    ],
)
def test_a_media_signal_that_cannot_be_is_refused(kind: str, field: str, value: object) -> None:
    whole = {
        "signal": kind,
        **CALL,
        "page": PAGE,
        "leg": LEG,
        "photo": PHOTO,
        "direction": "up",
        "sdp": "v=0",
        **dict.fromkeys(("camera", "microphone", "loudspeaker"), "open"),
    }
    parse_signal(json.dumps(whole).encode())
    with pytest.raises(RefusedError) as caught:
        parse_signal(json.dumps({**whole, field: value}).encode())
    assert caught.value.refusal is Refusal.MALFORMED
