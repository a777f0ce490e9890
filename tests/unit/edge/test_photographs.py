import random

import pytest

from contract.header import Kind
from contract.ids import BootId, RecordClass, VisitNo
from contract.parts import join_parts, parse_part
from edge.call.photographs import PHOTO_MAX_BYTES, Photograph, PhotoIntake, cut
from edge.call.video_messages import PHOTO_SLICE_BYTES, PhotoSlice, photo_slices
from edge.errors import VideoLinkError
from edge.spool.part_entries import BATCH_BYTES, batches

PHOTO, OTHER = "a" * 32, "b" * 32
JPEG = random.Random(3).randbytes(3 * PHOTO_SLICE_BYTES + 17)


def whole() -> Photograph:
    intake = PhotoIntake()
    (found,) = [one for one in map(intake.take, photo_slices(PHOTO, JPEG)) if one is not None]
    return found


def test_slices_in_any_order_and_twice_make_the_photograph_once() -> None:
    slices = photo_slices(PHOTO, JPEG)
    intake = PhotoIntake()
    order = [3, 1, 1, 0, 3, 2]
    taken = [intake.take(slices[index]) for index in order]
    assert taken[:-1] == [None] * 5
    assert taken[-1] == Photograph(PHOTO, JPEG, slices[0].sha256)


def test_another_photograph_takes_the_place_of_one_that_is_not_whole() -> None:
    intake = PhotoIntake()
    assert intake.take(photo_slices(PHOTO, JPEG)[0]) is None
    (found,) = [one for one in map(intake.take, photo_slices(OTHER, JPEG)) if one is not None]
    assert (found.photo, intake.given_up) == (OTHER, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"total": 5},
        {"size_bytes": len(JPEG) + 1},
        {"sha256": "0" * 64},
        {"index": 4},
        {"data": b""},
        {"data": bytes(len(JPEG))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_slice_that_does_not_belong_ends_its_photograph(change: dict[str, object]) -> None:
    slices = photo_slices(PHOTO, JPEG)
    intake = PhotoIntake()
    intake.take(slices[0])
    with pytest.raises(VideoLinkError):
        intake.take(slices[1].model_copy(update=change))
    assert [intake.take(one) for one in slices][-1] is not None, "it may be sent again from the start"


def test_more_than_a_box_holds_is_refused_at_its_first_slice() -> None:
    first = photo_slices(PHOTO, JPEG)[0]
    for change in ({"size_bytes": PHOTO_MAX_BYTES + 1}, {"total": 10_000}):
        with pytest.raises(VideoLinkError, match="the limit is"):
            PhotoIntake().take(first.model_copy(update=change))


def test_a_photograph_that_was_damaged_on_the_way_is_not_stored() -> None:
    damaged = Photograph(PHOTO, JPEG[:-1] + b"\0", whole().sha256)
    with pytest.raises(VideoLinkError, match="damaged between two processes"):
        cut(damaged, parcel_bytes=4_096)


@pytest.mark.parametrize("parcel_bytes", [1, 4_096, 16_384, 1_000_000])
def test_parts_fit_the_parcel_of_the_link_and_a_commit_is_small(parcel_bytes: int) -> None:
    parts = cut(whole(), parcel_bytes=parcel_bytes)
    assert all(len(part.data) <= max(1_024, parcel_bytes - 256) for part in parts)
    groups = list(batches(parts, boot=BootId(3), t_us=9, visit=VisitNo(2)))
    assert all(sum(len(entry.body) for entry in group) <= BATCH_BYTES + 16_384 for group in groups)
    entries = [entry for group in groups for entry in group]
    assert join_parts(parse_part(entry.body) for entry in entries) == JPEG
    header = entries[0].header
    assert (header.kind, header.record_class, header.visit) == (Kind.PART, RecordClass.PART, 2)


def test_a_photograph_of_one_slice_is_whole_at_once() -> None:
    (only,) = photo_slices(PHOTO, b"x")
    assert isinstance(only, PhotoSlice)
    assert PhotoIntake().take(only) == Photograph(PHOTO, b"x", only.sha256)
