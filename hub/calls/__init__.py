"""The hub's side of a call: from the press that is on disk to the word that ends it."""
