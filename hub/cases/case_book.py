"""What is written down in a call, and of whom (core over the store it is given).

A call belongs to a station, and a station sees one person after the other, also while somebody talks with it.
So everything that is written names its visit, and a visit that was never part of the call is refused: what
was typed for one person is never kept as another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import ValidationError

from contract.ids import NO_VISIT, CallId, StationId, visit_code
from hub.calls.table import WAITING, State
from hub.cases.merging import merge
from hub.cases.notes import Consent, Form, Identity, Kind, Note, StripMark
from hub.store.interface import CallRow, Store
from hub.store.papers import AdviceRow, Paper, PaperRow, VisitId

N = TypeVar("N", bound=Note)
UNANSWERED: Final = frozenset({*WAITING, State.MISSED})
TRIES: Final = 8  # another page saves between our look and our write; more than that is a fault


class WrongPersonError(Exception):
    """The visit was never part of that call."""


@dataclass(frozen=True, slots=True)
class Version:
    """A note as it stands. `revision` 0: nobody has written any."""

    revision: int
    by: str
    utc_us: int


NEVER: Final = Version(0, "", 0)


@dataclass(frozen=True, slots=True)
class PersonNotes:
    """What stands of one person in one call. `advice`: what was sent for them, oldest first."""

    of: VisitId
    code: str
    identity: tuple[Identity | None, Version]
    consent: tuple[Consent | None, Version]
    form: tuple[Form, Version]
    strip: tuple[StripMark | None, Version]
    advice: tuple[AdviceRow, ...]

    @property
    def is_advice_unsent(self) -> bool:
        """Whether advice is written that the station has not been sent in these words."""
        text = self.form[0].advice
        return bool(text) and all(row.text != text for row in self.advice)


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of what was typed. `disputed`: fields that `other` wrote meanwhile; what was typed there is
    kept aside, and `form` has theirs."""

    form: Form
    version: Version
    disputed: tuple[str, ...] = ()
    other: str = ""


def is_writable(state: State) -> bool:
    """Whether notes are taken: from the answer on until the call is off the list."""
    return state not in UNANSWERED and state is not State.CLOSED


def visits_of(store: Store, row: CallRow) -> list[VisitId]:
    """Return who was seen in a call, the person of the press first; nobody when nobody was."""
    of_press = VisitId(row.call_id.spool, row.visit)
    found = [] if row.visit == NO_VISIT else [of_press]
    return list(dict.fromkeys([*found, *store.call_visits(row.call_id)])) or [of_press]


def check_visit(store: Store, row: CallRow, of: VisitId) -> None:
    """Raise WrongPersonError for a visit that was never part of the call."""
    if of not in visits_of(store, row):
        raise WrongPersonError(f"visit {of.visit} of {of.spool:016x} was never part of call {row.call_id}")


def code_of(of: VisitId) -> str:
    """Return the spoken code of a visit, "" for nobody's."""
    return "" if of.visit == NO_VISIT else visit_code(of.spool, of.visit)


def read_person(store: Store, call_id: CallId, of: VisitId) -> PersonNotes:
    """Return what stands of a person in a call."""
    station = call_id.station
    forms = [row for row in store.papers_of_call(call_id, kind="form") if row.of == of]
    form, version = _standing(forms, Form)
    return PersonNotes(
        of,
        code_of(of),
        _of_visit(store, station, of, "identity", Identity),
        _of_visit(store, station, of, "consent", Consent),
        (form or Form(), version),
        _of_visit(store, station, of, "strip", StripMark),
        tuple(row for row in store.advice_of_call(call_id) if row.of == of),
    )


def save_form(
    store: Store, row: CallRow, of: VisitId, mine: Form, *, base: int, by: str, utc_us: int
) -> Saved:
    """Keep what somebody typed. `base`: the revision that it was typed over.

    Two who type at once both find what they wrote: other fields are put together; of the same field the one
    saved first stands, and what came later is kept aside. Raises WrongPersonError, StoreFailedError.
    """
    check_visit(store, row, of)
    for _ in range(TRIES):
        rows = [one for one in store.papers_of_call(row.call_id, kind="form") if one.of == of]
        theirs, version = _standing(rows, Form)
        before = next((_read(one, Form) for one in rows if one.revision == base), None if base else Form())
        merged = merge(before, mine, theirs or Form())
        other = _author(rows, merged.disputed[0]) if merged.disputed else ""
        if merged.disputed:
            _aside(store, row, of, mine, by=by, utc_us=utc_us)
        if merged.form == (theirs or Form()):
            return Saved(merged.form, version, merged.disputed, other)
        paper = _paper(row, of, "form", merged.form, by=by, utc_us=utc_us)
        kept = store.keep_paper(paper, after=version.revision)
        if kept is not None:
            return Saved(merged.form, _version(kept), merged.disputed, other)
    raise RuntimeError(f"the form of {of} in call {row.call_id} is saved by others all the time")


def save_note(
    store: Store, row: CallRow, of: VisitId, kind: Kind, note: Note, *, base: int, by: str, utc_us: int
) -> bool:
    """Keep another note of a person as it is. False: somebody wrote one meanwhile, which stands; this one is
    kept aside. Raises WrongPersonError, StoreFailedError.
    """
    check_visit(store, row, of)
    if of.visit == NO_VISIT:
        raise WrongPersonError(f"nobody was seen in call {row.call_id}")
    paper = _paper(row, of, kind, note, by=by, utc_us=utc_us)
    if store.keep_paper(paper, after=base) is not None:
        return True
    store.keep_paper(paper, after=None)
    return False


def versions(rows: Sequence[PaperRow], kind: type[N]) -> list[tuple[N, PaperRow]]:
    """Return every version that can be read, oldest first, those aside too."""
    return [(note, row) for row in rows if (note := _read(row, kind)) is not None]


def _of_visit(
    store: Store, station: StationId, of: VisitId, name: str, kind: type[N]
) -> tuple[N | None, Version]:
    if of.visit == NO_VISIT:
        return None, NEVER
    return _standing(store.papers_of_visit(station, of, name), kind)


def _standing(rows: Sequence[PaperRow], kind: type[N]) -> tuple[N | None, Version]:
    """The newest version that was not laid aside."""
    standing = [row for row in rows if row.revision is not None]
    return (_read(standing[-1], kind), _version(standing[-1])) if standing else (None, NEVER)


def _author(rows: Sequence[PaperRow], field: str) -> str:
    """Whose words stand in a field: not always the last one to save, who may have written elsewhere."""
    standing = [(note, row) for note, row in versions(rows, Form) if row.revision is not None]
    author, words = "", None
    for note, row in standing:
        if getattr(note, field) != words:
            author, words = row.by, getattr(note, field)
    return author


def _aside(store: Store, row: CallRow, of: VisitId, mine: Form, *, by: str, utc_us: int) -> None:
    """Keep what was typed over somebody else's words: once, however often the page says it again."""
    paper = _paper(row, of, "form", mine, by=by, utc_us=utc_us)
    kept = store.papers_of_call(row.call_id, kind="form")
    if not any((one.of, one.by, one.json) == (of, by, paper.json) for one in kept):
        store.keep_paper(paper, after=None)


def _paper(row: CallRow, of: VisitId, kind: Kind, note: Note, *, by: str, utc_us: int) -> Paper:
    return Paper(call_id=row.call_id, of=of, kind=kind, by=by, utc_us=utc_us, json=note.to_json())


def _read(row: PaperRow, kind: type[N]) -> N | None:
    try:
        return kind.model_validate_json(row.json)
    except ValidationError:
        return None  # of a newer hub


def _version(row: PaperRow) -> Version:
    return Version(row.revision or 0, row.by, row.utc_us)
