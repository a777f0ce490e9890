"""What box and hub promise each other: ids, topics, records, codecs, sealing, parcels, receipts, messages."""
