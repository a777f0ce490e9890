"""The nurse's card: one page of paper beside the button, its lamp drawn from the tables of the box.

`python -m tests.cards` writes docs/cards/.
"""
