"""The hub's holdings against the ledger (core): what is lost, doubled, out of order."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from contract.header import Record, parse_record
from contract.ids import RecordClass
from tests.soak.holdings import Holdings
from tests.soak.ledger import Ledger, RecordKey

TEXTS_MAX: Final = 40  # of one kind; more of the same says no more
Wrong = Literal["lost", "duplicated", "misordered"]


@dataclass(slots=True)
class Findings:
    """How many of each, and the first of them in words. `at_risk_s`: age of the oldest sample that each kill
    cost; `numbers`: what was looked at.
    """

    counts: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    at_risk_s: list[float] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)

    def add(self, wrong: Wrong, text: str, *, count: int = 1) -> None:
        """Something is wrong."""
        self.counts[wrong] += count
        if len(self.texts) < TEXTS_MAX:
            self.texts.append(f"{wrong}: {text}")

    def take(self, other: "Findings", *, where: str) -> None:
        """Add what was found elsewhere."""
        self.counts += other.counts
        self.numbers += other.numbers
        self.at_risk_s += other.at_risk_s
        self.texts += [f"{where}: {text}" for text in other.texts]


def check_presses(ledger: Ledger, held: Holdings, findings: Findings) -> None:
    """Each registered press is at the hub once, and makes at most one call."""
    told = Counter(identity for _, identity in held.presses)
    for press in sorted(ledger.registered):
        if not told[press]:
            findings.add("lost", f"press {_name(press)} was registered and is not at the hub")
    for press, times in told.items():
        if times > 1:
            findings.add("duplicated", f"press {_name(press)} is at the hub {times} times", count=times - 1)
        if press not in ledger.presses:
            findings.add("duplicated", f"press {_name(press)} is at the hub and was never made")
    pressed = {key for key, _ in held.presses}
    for call in sorted(set(held.calls) - pressed):
        findings.add("duplicated", f"call {_text(call)} is of no press")
    findings.numbers["withdrawn"] += len(ledger.calls - pressed - set(held.calls))
    findings.numbers["presses"] += len(ledger.presses)
    findings.numbers["registered"] += len(ledger.registered)
    findings.numbers["calls"] += len(held.calls)


def check_records(
    ledger: Ledger, held: Holdings, findings: Findings, *, owed: set[RecordKey], is_complete: bool
) -> None:
    """Each of `owed` is at the hub as the spool had it, or was given up with a tombstone; nothing is there
    twice. `is_complete`: the ledger saw every record, so what it did not see never was.
    """
    for key in ledger.changed:
        findings.add("lost", f"record {_text(key)} had two contents on the box")
    for key in sorted(owed):
        raw = held.records.get(key)
        if raw is None:
            if not held.is_buried(key) and key not in ledger.freed:
                findings.add("lost", f"record {_text(key)} was committed and is not at the hub")
        elif raw != ledger.committed[key]:
            findings.add("lost", f"record {_text(key)} is at the hub with other content")
    for key in held.holes():
        if key not in owed and key not in ledger.freed:
            findings.add("lost", f"record {_text(key)} is a hole at the hub")
    for key in held.sealed:
        findings.add("lost", f"record {_text(key)} cannot be opened at the hub")
    if is_complete:
        for key in sorted(set(held.records) - set(ledger.committed)):
            findings.add("duplicated", f"record {_text(key)} is at the hub and never was on the box")
    for content, times in held.contents.items():
        if times > 1:
            text = f"{times} records say the same: {content[:120]!r}"
            findings.add("duplicated", text, count=times - 1)
    findings.numbers["records"] += len(held.records)
    findings.numbers["tombstones"] += len(held.graves)
    findings.numbers["freed"] += len((ledger.freed & owed) - set(held.records))


def check_drafts(ledger: Ledger, findings: Findings) -> None:
    """What a dead process left as a draft is one record of its spool."""
    bodies: Counter[bytes] = Counter()
    for raw in ledger.committed.values():
        record = parse_record(raw)
        if isinstance(record, Record) and record.header.record_class is not RecordClass.CALL:
            bodies[record.body] += 1
    for body in ledger.drafts:
        if not bodies[body]:
            findings.add("lost", f"a draft of {len(body)} bytes became no record")
        elif bodies[body] > 1:
            findings.add("duplicated", f"a draft became {bodies[body]} records", count=bodies[body] - 1)
    findings.numbers["drafts"] += len(ledger.drafts)


def _name(press: tuple[bytes, int, int]) -> str:
    return f"{press[2]} of board boot {press[1]}"


def _text(key: RecordKey) -> str:
    return f"{key.record_class.name} {key.seq} of spool {key.spool:016x}"
