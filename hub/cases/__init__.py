"""What is written down of the person who is seen in a call: notes, advice, signed minutes."""
