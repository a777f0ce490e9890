"""How the box comes to be the box of a station, and stays it: key, certificate, renewal."""
