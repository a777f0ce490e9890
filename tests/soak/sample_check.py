"""Samples at the hub against what the board gave to the wire (core)."""

from collections import defaultdict
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.soak.check import Findings
from tests.soak.holdings import NO_STREAM, Holdings, Piece
from tests.soak.ledger import BoardBoot, Ledger, SentStream
from tests.soak.unseen import Stream, unseen_spans

LOOK_BACK_S: Final = 30.0  # before a kill, for the oldest sample that it cost


def check_samples(ledger: Ledger, held: Holdings, findings: Findings) -> None:
    """Each sample is at the hub once and as it was sent, or was sent in a window in which it may be lost."""
    counts = {stream: np.zeros(len(sent.values), np.int32) for stream, sent in ledger.sent.items()}
    placed: defaultdict[Stream, list[Piece]] = defaultdict(list)
    for piece in held.pieces:
        stream = _place(ledger, piece, findings)
        if stream is not None:
            _compare(piece, stream, ledger.sent[stream], findings)
            counts[stream][piece.first_index : piece.end_index] += 1
            placed[stream].append(piece)
    for stream, pieces in placed.items():
        _check_order(stream, pieces, findings)
    given_up = {stream: np.zeros(len(sent.values), bool) for stream, sent in ledger.sent.items()}
    for piece in held.sacrificed:
        board = _board(ledger, piece)
        if board is not None and (board.boot, piece.stream) in given_up:
            given_up[board.boot, piece.stream][piece.first_index : piece.end_index] = True
            placed[board.boot, piece.stream].append(piece)
    lengths = {stream: len(sent.values) for stream, sent in ledger.sent.items()}
    for stream, start, end in unseen_spans(held, placed, lengths):
        given_up[stream][start:end] = True
    for stream, sent in ledger.sent.items():
        doubled = int(np.maximum(counts[stream] - 1, 0).sum())
        if doubled:
            findings.add("duplicated", f"{doubled} samples of {_name(stream)}", count=doubled)
        is_missing = ~np.isnan(sent.sent_s) & (counts[stream] == 0) & ~given_up[stream]
        _check_missing(ledger, stream, sent, is_missing, findings)
        findings.numbers["samples"] += int((counts[stream] > 0).sum())
    there = {stream: (counts[stream] > 0) | given_up[stream] for stream in counts}
    _measure_kills(ledger, there, findings)


def _board(ledger: Ledger, piece: Piece) -> BoardBoot | None:
    return ledger.board_boot_at(piece.key.spool, piece.boot, t_us=piece.t_us, device_t_us=piece.device_t_us)


def _place(ledger: Ledger, piece: Piece, findings: Findings) -> Stream | None:
    if piece.stream == NO_STREAM:
        text = f"{len(piece.samples)} samples of {piece.key}: the hub cannot tell of what"
        findings.add("lost", text, count=len(piece.samples))
        return None
    board = _board(ledger, piece)
    if board is None:
        text = f"{len(piece.samples)} samples of stream {piece.stream} bear a time at which no board ran"
        findings.add("misordered", f"{text}: {piece.key}", count=len(piece.samples))
        return None
    stream = (board.boot, piece.stream)
    if stream not in ledger.sent or piece.end_index > len(ledger.sent[stream].values):
        text = f"{_name(stream)}: {piece.first_index} … {piece.end_index} was never sent"
        findings.add("misordered", text, count=len(piece.samples))
        return None
    return stream


def _compare(piece: Piece, stream: Stream, sent: SentStream, findings: Findings) -> None:
    there = slice(piece.first_index, piece.end_index)
    wrong = (sent.values[there] != piece.samples) | np.isnan(sent.sent_s[there])
    if wrong.any():
        first = piece.first_index + int(np.argmax(wrong))
        text = f"{_name(stream)}: sample {first} of {piece.key} is not what the board sent"
        findings.add("misordered", text, count=int(wrong.sum()))


def _check_order(stream: Stream, pieces: list[Piece], findings: Findings) -> None:
    """Within a boot of the box time never goes back while the index goes on."""
    by_boot: defaultdict[tuple[int, int], list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_boot[piece.key.spool, piece.boot].append(piece)
    for of_boot in by_boot.values():
        of_boot.sort(key=lambda piece: piece.first_index)
        for before, after in pairwise(of_boot):
            if after.t_us < before.t_us:
                back_s = (before.t_us - after.t_us) / 1e6
                text = f"{_name(stream)}: time goes back {back_s:.3f} s at sample {after.first_index}"
                findings.add("misordered", f"{text}, {after.key}")


def _check_missing(
    ledger: Ledger, stream: Stream, sent: SentStream, is_missing: NDArray[np.bool_], findings: Findings
) -> None:
    excused = np.zeros(len(is_missing), bool)
    for window in ledger.windows:
        excused |= (sent.sent_s >= window.start_s) & (sent.sent_s <= window.end_s)
    lost = is_missing & ~excused
    if not lost.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([0], lost.astype(np.int8), [0]))))
    for low, high in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        at_s = float(sent.sent_s[low])
        near = min(
            ledger.windows, key=lambda one: min(abs(one.start_s - at_s), abs(one.end_s - at_s)), default=None
        )
        text = f"{_name(stream)}: samples {low} … {high - 1}, sent from {at_s:.3f} s on"
        if near is not None:
            text += f"; the nearest window is {near.start_s:.3f} … {near.end_s:.3f} s, {near.why}"
        findings.add("lost", text, count=high - low)


def _measure_kills(ledger: Ledger, there: dict[Stream, NDArray[np.bool_]], findings: Findings) -> None:
    for window in ledger.windows:
        if window.killed_s is None:
            continue
        oldest_s = window.killed_s
        worked_s = max((one.end_s for one in ledger.windows if one.end_s <= oldest_s), default=0.0)
        from_s = max(worked_s, oldest_s - LOOK_BACK_S)
        for stream, sent in ledger.sent.items():
            near = (sent.sent_s > from_s) & (sent.sent_s <= window.killed_s)
            gone = near & ~there[stream]
            if gone.any():
                oldest_s = min(oldest_s, float(sent.sent_s[gone].min()))
        findings.at_risk_s.append(window.killed_s - oldest_s)


def _name(stream: Stream) -> str:
    return f"stream {stream[1]} of board boot {stream[0]}"
