"""What minutes say of a call: its journal, and of each person what stands of them (core over the store)."""

import json
from typing import Any

from contract.ids import CallId, spool_text
from hub.cases.case_book import PersonNotes, read_person, versions, visits_of
from hub.cases.minutes import FORMAT, Minutes, digest
from hub.cases.notes import Consent, Form
from hub.store.interface import CallRow, Store


def write_document(
    store: Store,
    row: CallRow,
    *,
    station_name: str,
    station_unit: str = "",
    former: Minutes | None,
    reason: str,
    by: str | None,
    utc_us: int,
) -> dict[str, Any]:
    """Return the document of a call as it stands now. `station_unit`: the path of its unit as
    it is called now, "" for none. `former`: what it corrects, for `reason`; `by`: whoever
    closed or corrects it, None: the rules."""
    return {
        "format": FORMAT,
        "call": str(row.call_id),
        "station": row.call_id.station,
        "station_name": station_name,
        "station_unit": station_unit,
        "practice": practice_of(row),
        "received_utc_us": row.received_utc_us,
        "version": 1 if former is None else former.version + 1,
        "corrects": None if former is None else digest(former.document),
        "reason": reason,
        "by": by,
        "made_utc_us": utc_us,
        "persons": [
            _person(store, row.call_id, read_person(store, row.call_id, of)) for of in visits_of(store, row)
        ],
        "journal": [
            {
                "utc_us": line.utc_us,
                "by": line.by,
                "input": line.input,
                "from": line.from_state,
                "to": line.to_state,
                "detail": line.detail,  # as it is kept: the JSON of one object, or null
            }
            for line in store.journal(row.call_id)
        ],
    }


def practice_of(row: CallRow) -> str | None:
    """Return which practice a call was; None: it was real."""
    try:
        kept = json.loads(row.kept or "{}")
    except ValueError:
        return None
    practice = kept.get("practice") if isinstance(kept, dict) else None
    return practice if isinstance(practice, str) else None


def _person(store: Store, call_id: CallId, person: PersonNotes) -> dict[str, Any]:
    identity, consent = person.identity[0], person.consent[0]
    may_name = identity is not None and consent is not None and consent.covers("record")
    forms = [row for row in store.papers_of_call(call_id, kind="form") if row.of == person.of]
    consents = store.papers_of_visit(call_id.station, person.of, "consent")
    return {
        "visit": person.code,
        "spool": spool_text(person.of.spool),
        "visit_no": person.of.visit,
        "identity": identity.model_dump() if identity is not None and may_name else None,
        "is_identity_withheld": identity is not None and not may_name,
        "consents": [
            {**note.model_dump(mode="json"), "noted_by": row.by, "utc_us": row.utc_us}
            for note, row in versions(consents, Consent)
        ],
        "form": {**person.form[0].model_dump(), "by": person.form[1].by, "utc_us": person.form[1].utc_us},
        "form_versions": [
            {**note.model_dump(), "by": row.by, "utc_us": row.utc_us, "is_aside": row.revision is None}
            for note, row in versions(forms, Form)
        ],
        "advice": [
            {
                "no": row.no,
                "urgency": row.urgency,
                "text": row.text,
                "by": row.by,
                "made_utc_us": row.made_utc_us,
                "steps": [
                    {"state": step.state, "text": step.text, "utc_us": step.utc_us} for step in row.steps
                ],
            }
            for row in person.advice
        ],
    }
