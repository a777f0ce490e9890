"""Commodity instruments: one file a maker, each a decoder of bytes and nothing else."""
