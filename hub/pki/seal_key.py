"""What boxes seal to (core): the type of the hub's key, so that rooms that open need not know the library."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SealKey = X25519PrivateKey
