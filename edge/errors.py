"""Errors of the box. Each says what, where, which value, and what to do.

BoxError
├── ConfigError       the box's TOML is missing, unreadable or says something impossible
├── SpoolError        the spool cannot be opened or used
│   ├── SpoolBusyError    another `edge vitals` holds it
│   ├── SpoolFullError    neither the quota nor the disk has room; nothing was stored
│   └── SpoolDamagedError its file cannot be trusted any more: it is set aside, another takes its place
│       └── SpoolMovedError   it is sound, but was made in another machine
├── EnrolmentError    the box cannot become the box of a station now
├── ReplacedBoxError  another box is the station now
├── ExportError       the folder for an export cannot be used, or is full
├── ControlError      the running service cannot be asked
├── PromptError       what is said aloud cannot be read, made or played
├── PanelError        the page of the station's screen cannot be served
├── FactoryReturnError the box cannot be returned to how it was delivered, or was and knows no station
├── NetworkError      links and routes of this machine cannot be seen or set
├── PrintError        advice cannot be made a page of paper
├── VideoLinkError    what `edge vitals` and `edge video` said to one another cannot be used
├── MediaError        picture or voice cannot be had
│   ├── DeviceError       a camera, microphone or loudspeaker; carries whether it is missing, busy or lost
│   └── CodecError        an encoder or decoder, or its library, is not what we know
└── IllegalInputError not possible in this state; nothing changed
"""

from collections.abc import Iterator
from typing import Literal, TypeVar

E = TypeVar("E", bound=Exception)


class BoxError(Exception):
    """Root of this tree."""


class ConfigError(BoxError):
    """The configuration cannot be used."""


class SpoolError(BoxError):
    """The spool cannot be used."""


class SpoolBusyError(SpoolError):
    """Another process holds the spool."""


class SpoolFullError(SpoolError):
    """There is no room; nothing was stored."""


class SpoolDamagedError(SpoolError):
    """The file is damaged, or was made by a newer version: another must take its place."""


class SpoolMovedError(SpoolDamagedError):
    """The card came from another machine, in which a copy of it may go on numbering its records."""


class EnrolmentError(BoxError):
    """The box is not enrolled, or not renewed."""


class ReplacedBoxError(BoxError):
    """Another box is the station now: the rooms that make it one end."""


class ExportError(BoxError):
    """What is on the box cannot be written where it was asked for."""


class ControlError(BoxError):
    """The running service does not answer."""


class PromptError(BoxError):
    """A spoken prompt cannot be had; lamp and buzzer say the same."""


class PanelError(BoxError):
    """The page of the station's screen cannot be served."""


class NetworkError(BoxError):
    """Links and routes cannot be seen or set; they stay as they are."""


class PrintError(BoxError):
    """Advice cannot be made a page of paper; it stays on the panel."""


class FactoryReturnError(BoxError):
    """The box cannot be wiped, or not now; it says whether anything was done."""


class IllegalInputError(BoxError):
    """Not possible in this state; nothing changed. From the hub: count and ignore. From us: a bug."""


class VideoLinkError(BoxError):
    """A line between `edge vitals` and `edge video` cannot be used."""


class MediaError(BoxError):
    """Picture or voice cannot be had; the rest of the call goes on."""


class DeviceError(MediaError):
    """A device cannot be used. `state` is what both sides are told."""

    def __init__(self, state: Literal["missing", "busy", "lost"], text: str) -> None:
        super().__init__(text)
        self.state: Literal["missing", "busy", "lost"] = state


class CodecError(MediaError):
    """A codec or its library is not what we know."""


def leaves_of(group: ExceptionGroup[E]) -> Iterator[E]:
    """Yield the errors in a group of groups."""
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from leaves_of(error)
        else:
            yield error
