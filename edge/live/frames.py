"""Binary frames of the live WebSocket, station to its own screen (core). Source: docs/live.md.

The same bytes as the hub's: `web/live.js` reads both.
"""

import math
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1
KIND_SAMPLES: Final = 1
HEADER: Final = struct.Struct("<BBBBIQQdI")
SAMPLES_MAX: Final = 16_384  # the page refuses more


def encode_samples(
    samples: NDArray[np.int32],
    *,
    stream_id: int,
    set_no: int,
    visit_no: int,
    first_index: int,
    captured_ms: float | None,
) -> bytes:
    """Return the message of consecutive samples, at most SAMPLES_MAX. `captured_ms`: None: unknown."""
    head = HEADER.pack(
        VERSION,
        KIND_SAMPLES,
        stream_id,
        0,
        set_no,
        visit_no,
        first_index,
        math.nan if captured_ms is None else captured_ms,
        len(samples),
    )
    return head + samples.astype("<i4").tobytes()
