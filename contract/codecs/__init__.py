"""Lossless codecs of one column of samples, behind ids that are never reused."""

from contract.codecs.table import Codec, decode_column, encode_column

__all__ = ["Codec", "decode_column", "encode_column"]
