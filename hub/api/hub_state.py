"""How the hub itself is, as the API says it."""

from hub.api import models
from hub.api.asked import Asked
from hub.console.rooms import Rooms


async def hub_state(rooms: Rooms, _: Asked) -> models.HubState:
    """GET /hub."""
    state = rooms.hub.ingest_state()
    return models.HubState(
        as_of_ms=rooms.utc_ms(),
        is_broker_connected=rooms.hub.broker_link().is_connected,
        ingest_fault=state.fault,
        stored=state.stored_count,
        duplicates=state.duplicate_count,
        other_content=state.other_content_count,
        dropped_parcels=state.dropped_parcel_count,
        refused=dict(state.refused_counts),
    )
