"""Redundancy on the stream it protects: RED (RFC 2198) and ULPFEC (RFC 5109), as browsers read them (core).

Each repair is the XOR of some packets; with it and all of them but one, that one is known. One block per RED
packet, one level per repair. What a repair is reckoned over is the packet as it would be without RED, with
nothing in its header extensions: those are written at the departure, and libwebrtc blanks them as well.
"""

from collections.abc import Mapping, Sequence
from typing import Final

SPAN_MAX: Final = 48  # sequence numbers that one repair reaches over
OVERHEAD_BYTES: Final = 19  # of a repair beyond the longest payload: RED 1, FEC header 10, level header 8
_RTP_BYTES: Final = 12
_FEC_BYTES: Final = 10
_SHORT_SPAN: Final = 16  # so many fit into the short mask


def write_red(payload: bytes, payload_type: int) -> bytes:
    """Return the payload of a RED packet whose only block is `payload`."""
    return bytes([payload_type & 0x7F]) + payload


def read_red(payload: bytes) -> tuple[int, bytes] | None:
    """Return (payload type, payload) of a RED packet with one block; None: it is none."""
    return (payload[0], payload[1:]) if payload and not payload[0] & 0x80 else None


def bare(packet: bytes) -> bytes | None:
    """Return a RED packet, RTP header and all, as repairs are reckoned: not RED, extensions blank.

    None: it cannot be read, or has padding or extensions of another form than ours (RFC 8285, one byte).
    """
    if len(packet) < _RTP_BYTES or packet[0] & 0xEF != 0x80:
        return None
    at = _RTP_BYTES
    extensions = b""
    if packet[0] & 0x10:
        words = int.from_bytes(packet[14:16])
        at += 4 + 4 * words
        if at > len(packet) or packet[12:14] != b"\xbe\xde":
            return None
        extensions = packet[12:16] + _blank(packet[16:at])
    found = read_red(packet[at:])
    if found is None:
        return None
    payload_type, payload = found
    return packet[:1] + bytes([packet[1] & 0x80 | payload_type]) + packet[2:12] + extensions + payload


def _blank(extensions: bytes) -> bytes:
    blank, at = bytearray(extensions), 0
    while at < len(blank):
        if blank[at] == 0:
            at += 1
            continue
        size = (blank[at] & 0x0F) + 1
        blank[at + 1 : at + 1 + size] = bytes(len(blank[at + 1 : at + 1 + size]))
        at += 1 + size
    return bytes(blank)


def protect(packets: Sequence[bytes]) -> bytes:
    """Return a repair for one to SPAN_MAX `packets`, bare, in order, of one stream.

    Raises:
        ValueError: there is none, or they are further apart than a mask reaches.
    """
    if not packets:
        raise ValueError("nothing to protect")
    base = _sequence(packets[0])
    offsets = [(_sequence(packet) - base) & 0xFFFF for packet in packets]
    if max(offsets) >= SPAN_MAX:
        raise ValueError(f"packets over {max(offsets) + 1} sequence numbers; a repair reaches {SPAN_MAX}")
    is_long = max(offsets) >= _SHORT_SPAN
    bits = SPAN_MAX if is_long else _SHORT_SPAN
    mask = sum(1 << (bits - 1 - offset) for offset in offsets)
    head, lengths, body = _sum(packets)
    first = (head[0] & 0x3F) | (0x40 if is_long else 0)
    fec_head = bytes([first, head[1]]) + base.to_bytes(2) + head[4:8] + lengths.to_bytes(2)
    return fec_head + len(body).to_bytes(2) + mask.to_bytes(bits // 8) + body


def covered(repair: bytes) -> list[int] | None:
    """Return the sequence numbers that a repair protects, 16 bits each; None: it cannot be read."""
    found = _read(repair)
    return None if found is None else found[0]


def recover(repair: bytes, known: Mapping[int, bytes], *, ssrc: int) -> bytes | None:
    """Return the one packet that `known` (bare packets by sequence number) lacks of what `repair` protects.

    None: none is missing, or more than one, or the repair makes no sense. Never raises.
    """
    found = _read(repair)
    if found is None:
        return None
    sequences, body = found
    missing = [sequence for sequence in sequences if sequence not in known]
    if len(missing) != 1:
        return None
    head, lengths, others = _sum([known[sequence] for sequence in sequences if sequence in known])
    size = lengths ^ int.from_bytes(repair[8:10])
    width = max(len(others), len(body))
    if size > width:
        return None
    whole = _xor(others.ljust(width, b"\0"), body.ljust(width, b"\0"))
    first = 0x80 | (head[0] ^ repair[0]) & 0x3F
    begin = bytes([first, head[1] ^ repair[1]]) + missing[0].to_bytes(2) + _xor(head[4:8], repair[4:8])
    return begin + ssrc.to_bytes(4) + whole[:size]


def _read(repair: bytes) -> tuple[list[int], bytes] | None:
    """Return (sequence numbers, protected part); None: it makes no sense."""
    if len(repair) < _FEC_BYTES + 4 or repair[0] & 0x80:
        return None
    bits = SPAN_MAX if repair[0] & 0x40 else _SHORT_SPAN
    at = _FEC_BYTES + 2 + bits // 8
    body = repair[at : at + int.from_bytes(repair[10:12])]
    if len(body) != int.from_bytes(repair[10:12]) or at > len(repair):
        return None
    base, mask = int.from_bytes(repair[2:4]), int.from_bytes(repair[12:at])
    return [base + offset & 0xFFFF for offset in range(bits) if mask >> (bits - 1 - offset) & 1], body


def _sum(packets: Sequence[bytes]) -> tuple[bytes, int, bytes]:
    """Return the XOR of their headers, of their lengths beyond the header, and of what follows it."""
    width = max((len(packet) for packet in packets), default=_RTP_BYTES)
    whole, lengths = bytes(width), 0
    for packet in packets:
        whole = _xor(whole, packet.ljust(width, b"\0"))
        lengths ^= len(packet) - _RTP_BYTES
    return whole[:_RTP_BYTES], lengths, whole[_RTP_BYTES:]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def _sequence(packet: bytes) -> int:
    return int.from_bytes(packet[2:4])
