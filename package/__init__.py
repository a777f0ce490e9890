"""Makes the Debian package of the hub: `./run package`."""
