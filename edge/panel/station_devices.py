"""The devices of a station and the questions about them, as the panel hears of them (core)."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from contract.codes import Condition
from edge.capture.device_words import Fault

TROUBLE: Final = "trouble"  # the state of our board or button with which something is wrong
CONNECTED: Final = "connected"


class WhichDevice(BaseModel):
    """Which device was plugged in at `port`? `device` is its name for the time being, `candidates` the ones
    that it may be; it may also be a new one."""

    model_config = ConfigDict(frozen=True)

    device: str
    candidates: tuple[str, ...]
    port: str


class DeviceNow(BaseModel):
    """One device, or a port behind which nobody is known (`device` empty).

    `state`: a word of PortSight.state; of our own board and button CONNECTED or TROUBLE. `port` is empty for
    these two. `conditions`: what is the matter with its measuring; `fault`: with itself, as a word.

    `electrodes`: those that its leads hang on; `electrodes_off`: of them, by name as far as it tells (then
    `has_leads_off` says more). `suspected`: which seem changed over, "RA-LA".
    """

    model_config = ConfigDict(frozen=True)

    device: str
    model: str = ""
    port: str = ""
    state: str
    conditions: tuple[Condition, ...] = ()
    fault: Fault | None = None
    electrodes: tuple[str, ...] = ()
    electrodes_off: tuple[str, ...] = ()
    has_leads_off: bool = False
    has_probe_off: bool = False
    suspected: str | None = None


class StationDevices(BaseModel):
    """The answer to the control question "devices". `is_measuring`: a sensor is on somebody."""

    model_config = ConfigDict(frozen=True)

    questions: tuple[WhichDevice, ...]
    devices: tuple[DeviceNow, ...]
    is_measuring: bool = False
