"""What the engineer reads beside the text: what was taken, or what is wrong and what goes on (core)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from edge.place.networks import SUFFIX
from edge.place.place_file import PLACE_NAME, Document, as_toml, place_of

_TAKEN: Final = "taken:"


@dataclass(frozen=True, slots=True)
class Set:
    """What is set on the box: of its box.toml, and the names of its networks' files."""

    box: Document = field(default_factory=dict)
    networks: Collection[str] = ()

    def names(self) -> list[str]:
        """Return what an engineer reads: tables, and networks by their files."""
        return [*place_of(self.box), *(one.removesuffix(SUFFIX) for one in sorted(self.networks))]

    def text(self) -> str:
        """Return all of it but what is secret."""
        networks = ", ".join(self.names()[len(place_of(self.box)) :])
        told = f"\n# networks, of NetworkManager: {networks}\n" if networks else ""
        return f"\n\nSet on the box:\n\n{as_toml(place_of(self.box))}{told}"


def taken(before: Set, after: Set) -> str:
    """Return the answer to a text that was taken: what was set so far, and what is now."""
    was, now = before.names(), after.names()
    gone = [name for name in was if name not in now]
    lines = [f"{_TAKEN} {', '.join(now) or 'nothing'} is set now, from this start of the box on."]
    lines += [f"No longer set, because {PLACE_NAME} does not have it: {', '.join(gone)}."] if gone else []
    return "\n".join(lines) + after.text()


def refused(why: str, now: Set) -> str:
    """Return the answer to a text that was not."""
    what_to_do = f"Mend {PLACE_NAME} and start the box again. It goes on with what was set before."
    return f"not taken: {why}\nNothing was changed. {what_to_do}{now.text()}"


def says_it_already(answer: str, now: Set) -> bool:
    """Whether an answer tells that just this was taken; the same text is taken at every start."""
    return answer.startswith(_TAKEN) and answer.endswith(now.text())
