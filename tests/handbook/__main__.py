"""Writes the table of keys into both handbooks."""

from tests.handbook.key_table import PAGES, with_table

if __name__ == "__main__":
    for language, path in PAGES.items():
        path.write_text(with_table(path.read_text(encoding="utf-8"), language), encoding="utf-8")
