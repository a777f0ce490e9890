"""What the box sees of itself, part by part, each with what to do when it is not well (core).

`edge vitals` makes the report, `edge doctor` prints it: one JSON document over the control socket.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict

OK: Final = "ok"
FAULT: Final = "fault"
NO_CALL: Final = "no call"  # the text of the part "call" while there is none


class Finding(BaseModel):
    """One line of the doctor. `remedy` is empty when all is well."""

    model_config = ConfigDict(frozen=True)

    part: str  # devices, clock, spool, seal, certificate, link, hub, visit, call, media, prompts, self-test …
    is_well: bool
    text: str
    remedy: str = ""


class Report(BaseModel):
    """All findings, in the order of a signal's way from the skin to the hub."""

    model_config = ConfigDict(frozen=True)

    station: str
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.is_well for finding in self.findings)
