"""TLS to the hub, known by its authority's certificate alone (shell over ssl): no clock of the box is asked.

The box has no battery clock. It may stand in 1970 or years ahead, and must reach the hub that tells it the
time.
"""

import functools
import ssl
from typing import Final

from contract.front import ALPN_RELAY

NO_CHECK_TIME: Final = 0x20_0000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python does not name


def hub_context(ca_pem: bytes) -> ssl.SSLContext:
    """Return a context that takes servers of this authority, whatever time it is. Raises ValueError,
    ssl.SSLError: it is no certificate.
    """
    if not ca_pem.strip():
        raise ValueError("no certificate in it")  # ssl would take every authority of this machine instead
    context = ssl.create_default_context(cadata=ca_pem.decode("ascii"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= NO_CHECK_TIME
    return context


@functools.lru_cache(maxsize=1)  # a machine's authorities are many: they are read once a process
def relay_context(ca_pem: bytes) -> ssl.SSLContext:
    """Return a context that takes a relay of picture and voice: the hub's, or another that this machine's
    authorities vouch for; no clock is asked either. It is shared: do not change it. Raises ValueError,
    ssl.SSLError: it is no certificate.
    """
    if not ca_pem.strip():
        raise ValueError("no certificate in it")
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=ca_pem.decode("ascii"))
    context.verify_flags |= NO_CHECK_TIME
    context.set_alpn_protocols([ALPN_RELAY])  # the hub's one port asks who is wanted
    return context
