"""Somebody else's uploads over a link, as its profile has them (shell)."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulators.links.link import Link
from tests.simulators.links.profile import Profile
from tests.simulators.links.upload import sink
from tests.village.process import ENDS_WITH_US, ROOT


@contextmanager
def uploads(link: Link, profile: Profile) -> Iterator[int]:
    """The TCP flows of the profile, from now on; gives the port that they go to."""
    with sink(link.hub_address) as port:
        flows = []
        for one in profile.tcp:
            times = [str(one.begins_s), str(one.ends_s)]
            command = [*ENDS_WITH_US, *link.entry, sys.executable, "-m", "tests.simulators.links.upload"]
            command += [link.hub_address, str(port), one.control, *times]
            flows.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL))
        try:
            yield port
        finally:
            for flow in flows:
                flow.terminate()
                flow.wait()
