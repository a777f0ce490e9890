"""Polynomial prediction and Rice codes (core). Source: Robinson 1994 (Shorten); docs/wire.md, section 5.

    u8      order of the predictor, 0 … 3
    varint  the first `order` samples, zigzag
    bits    k of each block of 64 residuals, 5 bits each; then all quotients in unary (q ones and a zero);
            then all remainders, k bits each; the most significant bit first, the last byte filled with zeros

The residual of order n is the n-th difference; its zigzag number z is coded as q = z >> k and the low k bits
of z. Arithmetic is modulo 2**32, so that every int32 has a residual that fits 32 bits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.errors import Refusal, RefusedError
from contract.varints import Reader, encode_varint, unzigzag, zigzag

BLOCK: Final = 64
K_BITS: Final = 5
ORDER_MAX: Final = 3


def encode(samples: NDArray[np.int32]) -> bytes:
    """Return the coding of int32 samples, shape (count,), count from 1, by the cheapest of four orders."""
    orders = range(min(ORDER_MAX, len(samples) - 1) + 1)
    return min((_encode_order(samples, order) for order in orders), key=len)


def _encode_order(samples: NDArray[np.int32], order: int) -> bytes:
    head = bytes((order,)) + b"".join(encode_varint(zigzag(int(value))) for value in samples[:order])
    residuals = samples.astype(np.int32)
    for _ in range(order):
        residuals = (residuals[1:].astype(np.int64) - residuals[:-1]).astype(np.int32)  # modulo 2**32
    folded = np.where(residuals >= 0, residuals.astype(np.int64) * 2, residuals.astype(np.int64) * -2 - 1)
    ks = _parameters(folded)
    k = np.repeat(ks, BLOCK)[: len(folded)]
    quotients = folded >> k
    unary = np.ones(int(quotients.sum()) + len(folded), np.uint8)
    unary[np.cumsum(quotients + 1) - 1] = 0
    bits = np.concatenate((_bits_of(ks, np.full(len(ks), K_BITS)), unary, _bits_of(folded, k)))
    return head + np.packbits(bits).tobytes()


def _parameters(folded: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cheapest k, 0 … 31, of each block."""
    blocks = np.zeros((-(-len(folded) // BLOCK), BLOCK), np.int64)
    blocks.reshape(-1)[: len(folded)] = folded
    sizes = np.full(len(blocks), BLOCK)
    sizes[-1] = len(folded) - BLOCK * (len(blocks) - 1)
    ks = np.arange(1 << K_BITS)
    costs = (blocks[:, None, :] >> ks[None, :, None]).sum(axis=2) + sizes[:, None] * (ks + 1)[None, :]
    return np.asarray(costs.argmin(axis=1), np.int64)


def _bits_of(values: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the low `widths[i]` bits of each value, the most significant first, one after the other."""
    ends = np.cumsum(widths)
    owner = np.repeat(np.arange(len(values)), widths)
    shift = ends[owner] - 1 - np.arange(len(owner))
    return (values[owner] >> shift & 1).astype(np.uint8)


def decode(data: bytes, count: int) -> NDArray[np.int32]:
    """Return `count` samples, at least 1. Raises RefusedError when `data` is not a coding of that many."""
    reader = Reader(data, what="rice column")
    order = reader.byte()
    if order > ORDER_MAX or order >= count:
        raise RefusedError(Refusal.MALFORMED, f"rice column of order {order} for {count} samples")
    first = [unzigzag(reader.varint()) for _ in range(order)]
    if any(not -(2**31) <= value < 2**31 for value in first):
        raise RefusedError(Refusal.MALFORMED, "rice column starts with a number of over 32 bits")
    bits = np.unpackbits(np.frombuffer(reader.take(reader.left), np.uint8))
    samples = _unfold(_read_folded(bits, count - order))
    for level in range(order, 0, -1):
        start = np.asarray(first[:level], np.int64)
        for _ in range(level - 1):
            start = np.diff(start)
        sums = np.cumsum(np.concatenate((start[:1], samples)))
        samples = sums.astype(np.int32).astype(np.int64)  # modulo 2**32
    return samples.astype(np.int32)


def _read_folded(bits: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    block_count = -(-count // BLOCK)
    unary_at = block_count * K_BITS
    if len(bits) < unary_at + count:
        raise RefusedError(Refusal.TRUNCATED, f"rice column of {len(bits)} bits for {count} residuals")
    ks = bits[:unary_at].reshape(block_count, K_BITS) @ (1 << np.arange(K_BITS)[::-1])
    k = np.repeat(ks, BLOCK)[:count]
    zeros = np.flatnonzero(bits[unary_at:] == 0)[:count]
    if len(zeros) < count:
        raise RefusedError(Refusal.TRUNCATED, f"rice column has {len(zeros)} of {count} quotients")
    quotients = np.diff(zeros, prepend=-1) - 1
    rest_at = unary_at + int(zeros[-1]) + 1
    rest_bits = int(k.sum())
    if not 0 <= len(bits) - rest_at - rest_bits < 8 or bits[rest_at + rest_bits :].any():
        raise RefusedError(
            Refusal.MALFORMED, f"rice column of {len(bits)} bits where {rest_at + rest_bits} are wanted"
        )
    weighted = bits[rest_at : rest_at + rest_bits].astype(np.int64)
    owner = np.repeat(np.arange(count), k)
    weighted <<= np.cumsum(k)[owner] - 1 - np.arange(rest_bits)
    remainders = np.zeros(count, np.int64)
    np.add.at(remainders, owner, weighted)
    folded = np.asarray((quotients << k) + remainders, np.int64)
    if int(folded.max()) >> 32:
        raise RefusedError(Refusal.MALFORMED, "rice column with a residual of over 32 bits")
    return folded


def _unfold(folded: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(folded & 1, -(folded >> 1) - 1, folded >> 1)
