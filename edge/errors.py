"""Errors of the box. Each says what, where, which value, and what to do.

BoxError
├── ConfigError       the box's TOML is missing, unreadable or says something impossible
├── SpoolError        the spool cannot be opened or used
│   ├── SpoolBusyError    another `edge vitals` holds it
│   └── SpoolFullError    neither the quota nor the disk has room; nothing was stored
├── ControlError      the running service cannot be asked
└── IllegalInputError not possible in this state; nothing changed
"""


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


class ControlError(BoxError):
    """The running service does not answer."""


class IllegalInputError(BoxError):
    """Not possible in this state; nothing changed. From the hub: count and ignore. From us: a bug."""
