"""Bundles out of parts: each part is opened once for lists, and one bundle opens its own alone."""

import hashlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from contract.errors import Refusal, RefusedError
from contract.ids import KeyId, RecordClass, RecordId, SpoolId, StationId
from contract.parts import Content, Part, encode_part, slice_object
from hub.fleet.bundles import Bundles

STATION, SPOOL = StationId("con-dao-01"), SpoolId(1)
ONE, TWO, PHOTO = ("ab" * 16, "cd" * 16, "ef" * 16)


class Shelf:
    """A store of parts in the order in which they came; and their opener, which counts."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.opened: list[int] = []
        self.has_key = True

    def put(self, name: str, data: bytes, *, content: Content = Content.BUNDLE) -> list[Part]:
        parts = slice_object(data, content, object_id=bytes.fromhex(name), slice_bytes=10)
        self.bodies += map(encode_part, parts)
        return parts

    def spools(self, _station: StationId) -> list[SpoolId]:
        return [SPOOL]

    def parts(self, *_: object, **__: object) -> Iterator[Any]:
        header = SimpleNamespace(key_id=KeyId(1))
        for seq, body in enumerate(self.bodies):
            record_id = RecordId(STATION, SPOOL, RecordClass.PART, seq)
            yield SimpleNamespace(
                record_id=record_id, record=SimpleNamespace(header=header, body=body, seq=seq)
            )

    def open(self, record: Any) -> bytes:
        self.opened.append(record.seq)
        if record.body == b"bad":
            raise RefusedError(Refusal.MALFORMED, "sealed for nobody")
        return bytes(record.body)

    def taken(self) -> int:
        """How many parts were opened since it was asked last."""
        count = len(self.opened)
        self.opened.clear()
        return count


def bundles_of(shelf: Shelf) -> Bundles:
    return Bundles(lambda *_: cast(Any, shelf) if shelf.has_key else None)


def test_a_list_opens_each_part_once_and_one_bundle_opens_its_own_alone() -> None:
    shelf = Shelf()
    shelf.put(ONE, b"1" * 55)
    shelf.put(TWO, b"2" * 33)
    shelf.put(PHOTO, b"3" * 20, content=Content.PHOTOGRAPH)
    shelf.bodies.append(b"bad")
    bundles, store = bundles_of(shelf), cast(Any, shelf)
    found = bundles.states(store, STATION, {ONE, TWO, PHOTO})
    assert {name: (one.received, one.is_here, one.data) for name, one in found.items()} == {
        ONE: (6, True, None), TWO: (4, True, None)
    }  # fmt: skip
    assert shelf.taken() == 6 + 4 + 2 + 1
    assert bundles.states(store, STATION, {ONE, TWO}) == found
    assert shelf.taken() == 0
    one = bundles.read(store, STATION, TWO)
    assert one is not None and one.data == b"2" * 33
    assert shelf.taken() == 4
    shelf.put("12" * 16, b"4" * 15)
    assert len(bundles.states(store, STATION, {ONE, TWO, "12" * 16})) == 3
    assert shelf.taken() == 2


def test_what_is_missing_or_makes_no_whole_has_no_data() -> None:
    shelf = Shelf()
    bundles, store = bundles_of(shelf), cast(Any, shelf)
    assert bundles.read(store, STATION, ONE) is None
    whole = shelf.put(ONE, b"1" * 30)
    last = shelf.bodies.pop()
    state = bundles.read(store, STATION, ONE)
    assert state is not None and (state.received, state.total, state.data) == (2, 3, None)
    shelf.bodies.append(last[:-1] + b"x")
    state = bundles.read(store, STATION, ONE)
    assert state is not None and state.is_damaged and state.data is None
    assert whole[0].digest == hashlib.sha256(b"1" * 30).digest()
    shelf.put(TWO, b"2" * 20)
    shelf.put(TWO, b"3" * 20)  # another object under its name
    found = bundles.states(store, STATION, {TWO})[TWO]
    assert not found.is_damaged  # the later parts took the place of all of the former
    shelf.put(TWO, b"4" * 20)
    shelf.bodies.pop()
    assert bundles.states(store, STATION, {TWO})[TWO].is_damaged


def test_a_part_whose_key_comes_later_is_opened_then() -> None:
    shelf = Shelf()
    shelf.put(ONE, b"1" * 20)
    bundles, store = bundles_of(shelf), cast(Any, shelf)
    shelf.has_key = False
    assert bundles.states(store, STATION, {ONE}) == {}
    shelf.has_key = True
    assert bundles.states(store, STATION, {ONE})[ONE].is_here
