"""The configuration in lines, for the engineer who asks `edge config` (core)."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.events import ConfigurationTold


def configuration_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is in force and who set it so, then what the hub wants and the box refuses, then the place's
    own. `answer`: of the question "configuration".
    """
    told = ConfigurationTold.model_validate(answer["told"])
    yield f"in force ({told.software})"
    for one in told.settings:
        yield f"  {one.name} = {one.value}  ({'the hub' if one.origin == 'hub' else one.origin})"
    desired = answer["desired"]
    if desired is None:
        yield "the hub: has never said what it wants"
    else:
        yield f"the hub: version {desired['version']} by {desired['by']}, {desired['hash']}"
        for name, why in desired["refused"].items():
            yield f"  ✗ {name} is not taken: {why}"
    yield "set at the place, in the box's file"
    for one in told.place:
        yield f"  {one.name} = {one.value}"
