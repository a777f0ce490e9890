"""What a paper says, piece by piece and in order (core): what `hub.papers.sheet` draws."""

from dataclasses import dataclass

from hub.papers.ecg_paper import Strip


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 1 is the paper's name."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of any length; its lines are kept, and broken where they are too long."""

    text: str
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are, two columns."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StripBlock:
    """An ECG on pages of its own. `heading` stands above it, `scale` and `ruler` below: what its scale is,
    and how to see whether the printer has kept it; under them, in small print, `foot`: two lines at most."""

    strip: Strip
    heading: str
    scale: str
    ruler: str
    cut: str  # what is said of a lead that does not fit
    foot: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Room to sign, side by side, each under its name."""

    names: tuple[str, ...]


Block = Heading | Paragraph | Facts | StripBlock | Signatures


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper. `title`: of the file; `footer`: on every page, beside `page_word`; `stamp`: at the head
    of every page, such as that it is practice; "" for none."""

    title: str
    blocks: tuple[Block, ...]
    footer: str
    page_word: str  # "Trang {page}/{pages}"
    stamp: str = ""
