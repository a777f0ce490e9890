import random
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from contract.ids import KeyId, SpoolId, StationId, VisitNo
from contract.parts import Content, encode_part, slice_object
from hub.rooms.photographs import list_photos, read_photo

STATION, SPOOL, VISIT = StationId("con-dao-01"), SpoolId(1), VisitNo(7)
PHOTO_BYTES, SLICE_BYTES = 100_000, 10_000


class Parts:
    """A store of one visit's parts, each read as it is asked for; and their opener."""

    def __init__(self, bodies: Iterator[bytes]) -> None:
        self._bodies = bodies

    def parts(self, *_: object, **__: object) -> Iterator[Any]:
        header = SimpleNamespace(key_id=KeyId(1), boot=3, t_us=4)
        for body in self._bodies:
            yield SimpleNamespace(record=SimpleNamespace(header=header, body=body))

    def open(self, record: Any) -> bytes:
        return bytes(record.body)


def bodies(count: int, *, last_is_damaged: bool = False) -> Iterator[bytes]:
    for number in range(count):
        data = random.Random(number).randbytes(PHOTO_BYTES)
        name = number.to_bytes(16, "big")
        parts = slice_object(data, Content.PHOTOGRAPH, object_id=name, slice_bytes=SLICE_BYTES)
        for part in parts:
            body = encode_part(part)
            is_damaged = last_is_damaged and number == count - 1 and part.index == 0
            yield body[:-1] + bytes((body[-1] ^ 1,)) if is_damaged else body


def test_a_visit_s_photographs_are_listed_without_all_of_them_in_memory() -> None:
    store = Parts(bodies(40, last_is_damaged=True))
    tracemalloc.start()
    try:
        states = list_photos(cast(Any, store), lambda *_: cast(Any, store), STATION, SPOOL, visit=VISIT)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [state.is_whole for state in states] == [True] * 39 + [False]
    assert states[-1].is_damaged
    assert {(state.received, state.total, state.size_bytes) for state in states} == {(10, 10, PHOTO_BYTES)}
    assert peak_bytes < 10 * PHOTO_BYTES


def test_one_of_them_is_read_as_far_as_it_has_come() -> None:
    store = Parts(body for body in list(bodies(2))[:15])
    name = (1).to_bytes(16, "big").hex()
    found = read_photo(cast(Any, store), lambda *_: cast(Any, store), STATION, SPOOL, visit=VISIT, photo=name)
    assert found is not None
    state, data = found
    assert (state.received, state.is_whole, state.boot, state.t_us) == (5, False, 3, 4)
    assert data == random.Random(1).randbytes(PHOTO_BYTES)[: 5 * SLICE_BYTES]
