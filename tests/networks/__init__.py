"""A box with real links in network namespaces, and what networks do to it. Linux, root, iproute2.

The hub stands in the test's own network; between it and the box is a router, where links are cut, narrowed,
walled and lied upon. What a router drops it drops by its own rules (ip-rule(8)), without a firewall.
"""
