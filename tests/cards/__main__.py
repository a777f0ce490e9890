"""Writes docs/cards/nurse-vi.pdf and nurse-en.pdf."""

from pathlib import Path

from tests.cards.sheet import draw_card
from tests.cards.words import LANGUAGES

FOLDER = Path(__file__).parents[2] / "docs" / "cards"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for language, words in LANGUAGES.items():
        (FOLDER / f"nurse-{language}.pdf").write_bytes(draw_card(words))
