"""From the broker's payloads to committed records and the receipts for them."""
