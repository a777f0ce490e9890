"""What the program needs of the hardware under it: `rp2040.Rp2040` is one, the tests have others.

Everything returns at once. Times are microseconds since this start, never going back.
"""

from firmware_bridge.firmware.board import Identity
from firmware_bridge.firmware.saturation import Calibration


class Hal:
    """The hardware. `cause`: a CAUSE_ of `wire`. `kept`: what `keep` was given last before a warm reset,
    else b""."""

    identity: Identity
    calibration: Calibration | None
    cause: int
    kept: bytes
    random16: int  # drawn anew at each start, and none of the few before

    def now_us(self) -> int:
        """Return the time."""
        raise NotImplementedError

    def read(self) -> bytes:
        """Return what the host has sent; b"" for nothing."""
        raise NotImplementedError

    def write(self, data: bytes) -> int:
        """Send as much of `data` as goes at once; return how many bytes."""
        raise NotImplementedError

    def call_loop(self) -> int:
        """Return the voltage at the call button's loop, 0 … 65535 of the supply."""
        raise NotImplementedError

    def is_camera_down(self) -> bool:
        """Return whether the camera button is down."""
        raise NotImplementedError

    def start_ecg(self) -> None:
        """Begin to set the ECG's front end up, again where it ran; conversions come when it runs."""
        raise NotImplementedError

    def take_conversion(self) -> tuple[bytes, int] | None:
        """Return the oldest conversion that waits, nine bytes and when it was ready; None: there is none."""
        raise NotImplementedError

    def start_pleth(self) -> bool:
        """Set the finger sensor up and let it run; False: it does not answer."""
        raise NotImplementedError

    def take_pleth(self) -> tuple[list[tuple[int, int]], int, int] | None:
        """Return samples, lost, and when the newest was, as `Pleth.take` has it; None: nothing waits.

        Raises OSError: the sensor does not answer.
        """
        raise NotImplementedError

    def drive(self, output: int, level: int) -> None:
        """Let CALL_LED, STATUS_LED or BUZZER go at `level`, 0 … 255."""
        raise NotImplementedError

    def keep(self, data: bytes) -> None:
        """Put up to KEPT_MAX_BYTES where a warm reset leaves them."""
        raise NotImplementedError

    def feed_watchdog(self) -> None:
        """Put the reset off for two seconds."""
        raise NotImplementedError

    def enter_bootloader(self) -> None:
        """Leave this program for the boot loader."""
        raise NotImplementedError
