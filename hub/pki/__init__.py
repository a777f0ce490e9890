"""Who is who: the installation's own certificate authority, and what the broker makes of its certificates."""
