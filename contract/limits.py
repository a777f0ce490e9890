"""Sizes and counts that neither side may exceed (core). Each has its reason beside it."""

from typing import Final

CONTRACT_VERSION: Final = 1
READABLE_VERSIONS: Final = frozenset({1})  # a released version is read for two more

PAYLOAD_MAX_BYTES: Final = 65_536  # one MQTT payload; the broker's max_packet_size refuses more
PACKET_MAX_BYTES: Final = PAYLOAD_MAX_BYTES + 512  # payload, topic and properties: what the broker is told
RECORD_MAX_BYTES: Final = 60_000  # a record and the parcel around it fit one payload
PARCEL_RECORDS_MAX: Final = 1_000  # bounds one commit at the hub
EVENT_MAX_BYTES: Final = 8_192  # JSON of one event; bounds what a console page may be handed
SIGNAL_MAX_BYTES: Final = 16_384  # JSON of one signal; a session description fits
DESIRED_MAX_BYTES: Final = 4_096  # half a second of 64 kbit/s at each connection; a usual one has 300
SETTINGS_MAX: Final = 64  # of a desired document, those of newer hubs among them
COMMAND_MAX_BYTES: Final = 1_024
BUNDLE_MAX_BYTES: Final = 60_000  # 8 s of 64 kbit/s with nothing beside it
COLUMNS_MAX: Final = 64  # streams of one stream set; 12 leads, respiration and numerics fit four times over
CHUNK_SAMPLES_MAX: Final = 200_000  # samples of all columns of a chunk: bounds what a decoder allocates
RECEIPT_RANGES_MAX: Final = 64  # per class; older holes come with the next receipt
RECEIPT_REFUSALS_MAX: Final = 64
PARCEL_SMALL_BYTES: Final = 4_096  # below 256 kbit/s: a press waits behind at most one
PARCEL_LARGE_BYTES: Final = 16_384

INTEREST_LEASE_S: Final = 30.0
RECEIPT_EVERY_S: Final = 5.0  # class 0 at once
RESEND_MIN_S: Final = 10.0  # or 4 round trips
RESEND_CALL_MIN_S: Final = 3.0  # or 3 round trips, on a new connection
QUIET_CHUNK_S: Final = 30.0
STALE_AFTER_S: Final = 5.0  # a value older than this is not shown as a value
PRESS_RINGS_MAX_AGE_S: Final = 600.0  # an older press becomes a callback
