"""What can go wrong here, as one tree. Bytes of the peer never raise; these do.

BridgeError
├── EncodeError            our own code asked for a message that cannot be written
├── UnknownDriverError     no driver has this name
├── RecordingError         a file of recorded bytes cannot be read
├── IllegalInputError      an input that the link's state does not allow; nothing changed
└── PortError              the serial port; each says what, where and what to do
    ├── PortMissingError     no such device
    ├── PortBusyError        another program owns it
    ├── PortPermissionError  this user may not open it
    └── PortLostError        it was open and went away
"""


class BridgeError(Exception):
    """The root: nothing else leaves this package."""


class EncodeError(BridgeError, ValueError):
    """A value of ours does not fit its field on the wire: a bug here, not at the peer."""


class UnknownDriverError(BridgeError, ValueError):
    """No driver has this name; the text says which there are."""


class RecordingError(BridgeError, ValueError):
    """A file of recorded bytes cannot be read: says which line, and what is expected."""


class IllegalInputError(BridgeError):
    """Not possible in this state; nothing changed. From us: a bug."""


class PortError(BridgeError, OSError):
    """The port cannot be used: `problem` says what and where, `remedy` what to do."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path = path
        self.problem = problem
        self.remedy = remedy


class PortMissingError(PortError):
    """There is no such device."""


class PortBusyError(PortError):
    """Another program owns the device."""


class PortPermissionError(PortError):
    """This user may not open the device."""


class PortLostError(PortError):
    """The device went away while it was open, or answers with errors."""
