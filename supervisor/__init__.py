"""What a service of ours, at the box or at the hub, tells systemd; nothing of the wire between them."""
