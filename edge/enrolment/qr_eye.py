"""Reads haidang.txt from a QR code that somebody holds before the box's camera (shell: owns zxingcpp).

A box without a camera, or without the libraries of `edge video`, sees nothing: the other two ways remain.
"""

import logging
import time
from pathlib import Path
from typing import Final

from edge.enrolment.box_file import BoxFile, parse_box_file
from edge.errors import DeviceError, EnrolmentError

log = logging.getLogger(__name__)

LOOKS_S: Final = 4.0  # at a time; who holds a paper holds it longer
SETTING: Final = "auto"


class QrEye:
    """Opens the camera, looks for a while, and closes it: `edge video` gets it afterwards."""

    def __init__(self, setting: str = SETTING, *, devices: Path = Path("/dev")) -> None:
        self._setting, self._devices = setting, devices
        self._told = ""

    def look(self) -> BoxFile | None:
        """Return what a code says that is seen within LOOKS_S; None: none, or of something else."""
        try:
            import zxingcpp

            from edge.video.picture.camera import open_camera  # loads the video libraries: only here

            camera = open_camera(self._setting, devices=self._devices)
        except (DeviceError, ImportError) as error:
            if str(error) != self._told:
                log.info("no QR code can be shown to this box: %s", error)
                self._told = str(error)
            return None
        wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        ends_s = time.monotonic() + LOOKS_S
        try:
            while time.monotonic() < ends_s:
                picture = camera.frame().to_ndarray(format="gray")
                for found in zxingcpp.read_barcodes(picture, formats=wanted):
                    if (file := _file_in(found.text)) is not None:
                        return file
            return None
        except DeviceError as error:
            log.warning("the camera sees no more: %s", error)
            return None
        finally:
            camera.close()


def _file_in(text: str) -> BoxFile | None:
    try:
        return parse_box_file(text.encode())
    except EnrolmentError as error:
        log.info("a QR code of something else: %s", error)
        return None
