"""The house of the night: hub with its routing document, three stations, people, and who is told outside."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hub.config import read_config
from hub.people.accounts import Accounts, Role
from tests.browser import chromium_page
from tests.night_shift.nurse import Nurse, add_panel, nurse_of
from tests.night_shift.person import Person
from tests.night_shift.pictures import Pictures
from tests.simulators.cups import CupsSim
from tests.simulators.voices import VOICES, speak
from tests.simulators.webhook_receiver import WebhookReceiver
from tests.village.desk import GONE
from tests.village.eyes import wait_until as wait_for
from tests.village.process import ROOT
from tests.village.station import Devices
from tests.village.village import PLACES, Village

SECRET: Final = b"a night without the moon"
PASSWORD: Final = "den bien sang ca dem"
ROLES: Final = {
    "lan": Role.OPERATOR,
    "minh": Role.OPERATOR,
    "truong-kip": Role.OPERATOR,
    "BS Hoa": Role.DOCTOR,
}
DOCUMENT: Final = """failsafe = "truong-kip"

[limits]
widen_s = {widen_s}
supervisor_s = {supervisor_s}
doctor_s = {doctor_s}
missed_s = {missed_s}

[units.tw]
name = "Trung ương"
hotline = "1900 9095"

[units.bien-dao]
name = "Biển đảo"
parent = "tw"

[units.mien-nui]
name = "Miền núi"
parent = "tw"

[stations]
con-dao-01 = "bien-dao"
co-to-02 = "bien-dao"
muong-nhe-03 = "mien-nui"

[[groups]]
unit = "bien-dao"
members = ["lan"]

[[groups]]
unit = "mien-nui"
members = ["lan", "minh"]

[[groups]]
unit = "tw"
members = ["lan", "minh"]

[[groups]]                       # by day one more; not tonight
unit = "tw"
members = ["ban-ngay"]
hours = ["mon-fri 07:00-17:00"]

[[supervisors]]
unit = "tw"
account = "truong-kip"
phone = "0900 000 001"

[[on_call]]
unit = "tw"
name = "BS. trực cấp cứu"
phone = "0900 000 002"

[[roster]]
unit = "tw"
name = "BS Hoa"
specialties = ["tim mạch"]
account = "BS Hoa"

[[webhooks]]
name = "trung-tam-lan-can"
url = "{url}"
secret_file = "webhook.secret"
rungs = ["supervisor", "doctor"]

[[sms]]
name = "cong-sms"
command = ["sh", "-c", "{{ echo \\"$1\\"; cat; echo; }} >> \\"$2\\"", "sms", "{{number}}", "{telephones}"]
rungs = ["supervisor", "doctor"]
"""
USUAL: Final = {"widen_s": 15, "supervisor_s": 30, "doctor_s": 60, "missed_s": 120}
SHORT: Final = dict.fromkeys(USUAL, 12)  # a rung that is told earlier was passed


@dataclass(frozen=True, slots=True)
class Night:
    """Everybody and everything of the night."""

    village: Village
    lan: Person
    minh: Person
    supervisor: Person
    hoa: Person
    con_dao: Nurse
    co_to: Nurse
    muong_nhe: Nurse
    outside: WebhookReceiver
    printer: CupsSim
    pictures: Pictures

    def agree_on(self, limits: dict[str, int]) -> None:
        """Write the routing document with these limits; the hub reads it again by itself."""
        write_routing(self.village, self.outside, limits)

    @property
    def telephones(self) -> str:
        """What the SMS program was given: numbers and texts."""
        path = self.village.folder / "sms.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def hub(self, *typed: str, is_well: bool = True) -> str:
        """Type a command of the hub; return what it says. `is_well`: it has to succeed, else to fail."""
        command = [sys.executable, "-m", "hub", *typed, "--config", str(self.village.config)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "100"},
        )
        said = done.stdout.decode()
        assert (done.returncode == 0) is is_well, said
        return said


def write_routing(village: Village, outside: WebhookReceiver, limits: dict[str, int]) -> None:
    """Replace the document at once, as an editor does, and wait until the hub has read it."""
    path, before = village.folder / "routing.toml", village.hub.output().count("routing is as")
    telephones = village.folder / "sms.txt"
    half = path.with_suffix(".new")
    half.write_text(DOCUMENT.format(url=outside.url, telephones=telephones, **limits), encoding="utf-8")
    half.replace(path)
    wait_for(
        lambda: village.hub.output().count("routing is as") > before, what="the hub has read the document"
    )


def add_accounts(village: Village) -> None:
    """Make everybody's account, as `hub account add` does."""
    with closing(Accounts(read_config(village.config).accounts_path)) as accounts:
        for name, role in {**ROLES, "ban-ngay": Role.OPERATOR}.items():
            accounts.add(name, PASSWORD, role=role, now_utc_s=time.time())


@contextmanager
def night(folder: Path, short_folder: Path) -> Iterator[Night]:
    """Start everything; nobody has signed on yet. `short_folder`: for the printer's socket."""
    speak(VOICES["con-dao-01"], folder / "nurse.wav")
    talking = Devices(
        microphone=f"file:{folder / 'nurse.wav'}", loudspeaker=f"file:{folder / 'speaker.wav'}", voice=True
    )
    hearing = Devices(loudspeaker=f"file:{folder / 'others.wav'}")  # nobody listens to it
    others = [replace(place, devices=hearing) for place in PLACES[1:]]
    village = Village(folder, (replace(PLACES[0], devices=talking), *others))
    ports = [add_panel(station) for station in village.stations]
    village.hub_settings = '[folders]\nrouting = "routing.toml"\n'
    (folder / "webhook.secret").write_bytes(SECRET)
    with ExitStack() as stack:
        outside = stack.enter_context(WebhookReceiver(SECRET))
        printer = stack.enter_context(CupsSim(short_folder))
        printer.add_printer(is_default=True)
        village.stations[0].environment = printer.environment
        stack.enter_context(village)
        add_accounts(village)
        write_routing(village, outside, USUAL)
        nurses = [stack.enter_context(nurse_of(*one)) for one in zip(village.stations, ports, strict=True)]
        con_dao, co_to, muong_nhe = nurses
        lan, minh, supervisor, hoa = (stack.enter_context(person(village, name)) for name in ROLES)
        yield Night(
            village=village,
            lan=lan,
            minh=minh,
            supervisor=supervisor,
            hoa=hoa,
            con_dao=con_dao,
            co_to=co_to,
            muong_nhe=muong_nhe,
            outside=outside,
            printer=printer,
            pictures=Pictures(),
        )


@contextmanager
def person(village: Village, name: str) -> Iterator[Person]:
    """Somebody before a browser of their own."""
    with chromium_page(allow=GONE) as page:
        yield Person(name, page, url=village.url)
