"""The live view of a station on its own screen: what is measured now, as the hub's pages get it."""
