"""What a station costs on the wire, and what the same samples cost as JSON or CBOR."""
