"""The hub for programs: JSON over HTTP, versioned, for whoever holds a token; docs/api.md."""
