"""The simulated browser: when it asks for a keyframe."""

from tests.simulators.sending.seeing import Piece, Seeing


def wishes(seeing: Seeing, *, from_s: float, until_s: float) -> list[float]:
    moments = [round(from_s + 0.02 * step, 2) for step in range(round((until_s - from_s) / 0.02))]
    return [now_s for now_s in moments if seeing.wishes_key(now_s=now_s)]


def test_no_keyframe_is_asked_for_while_one_comes() -> None:
    seeing = Seeing(now_s=0.0)
    for index in range(4):
        piece = Piece(is_first=not index, is_last=index == 3, is_key=not index, picture_id=7)
        seeing.on_packet(index, piece, now_s=0.15 * index)
        assert wishes(seeing, from_s=0.15 * index, until_s=0.15 * index + 0.14) == []
    assert seeing.decoded_s == [0.15 * 3]


def test_one_that_stops_half_way_is_asked_for_again() -> None:
    seeing = Seeing(now_s=0.0)
    seeing.on_packet(0, Piece(is_first=True, is_last=False, is_key=True, picture_id=7), now_s=0.0)
    assert wishes(seeing, from_s=0.0, until_s=0.5) == [0.2, 0.4]
