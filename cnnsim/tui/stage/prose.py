"""Running text for panels: pieces in roles of the palette, wrapped into lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len
from rich.style import Style

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import Palette

#: A piece of text and the role of the palette it is drawn in.
Span = tuple[str, str]
#: A paragraph; an empty one is a blank line.
Paragraph = Sequence[Span]


def style_of(palette: Palette, role: str) -> Style:
    """The style of a role, such as base, bold, dim, now_text or bar."""
    style: Style = getattr(palette, role)
    return style


def wrap(paragraphs: Iterable[Paragraph], width: int) -> list[list[Span]]:
    """The paragraphs as lines of at most `width` columns, broken at spaces only.

    A word may consist of pieces in several roles; one wider than a line stands alone.
    """
    lines: list[list[Span]] = []
    for paragraph in paragraphs:
        line: list[Span] = []
        used = 0
        for word in _words(paragraph):
            size = sum(cell_len(text) for text, _ in word)
            if used and used + 1 + size > width:
                lines.append(line)
                line, used = [], 0
            if used:
                line.append((" ", word[0][1]))
                used += 1
            line += word
            used += size
        lines.append(line)
    return lines


def _words(paragraph: Paragraph) -> list[list[Span]]:
    """The words of a paragraph, each as its pieces."""
    words: list[list[Span]] = [[]]
    for text, role in paragraph:
        for number, part in enumerate(text.split(" ")):
            if number:
                words.append([])
            if part:
                words[-1].append((part, role))
    return [word for word in words if word]


def wrap_into(paragraphs: Iterable[Paragraph], width: int, height: int) -> list[list[Span]]:
    """The paragraphs as lines, which leave room for ``…`` where they are more than `height`."""
    paragraphs = list(paragraphs)
    lines = wrap(paragraphs, width)
    return lines if len(lines) <= height else wrap(paragraphs, width - 2)


def draw_prose(
    canvas: Canvas,
    x: int,
    y: int,
    width: int,
    height: int,
    paragraphs: Iterable[Paragraph],
    palette: Palette,
    first: int = 0,
) -> int:
    """Draw wrapped text from line `first` on; returns how many lines there are in all.

    Where lines remain below, the last one drawn ends in ``…``.
    """
    lines = wrap_into(paragraphs, width, height)
    for row, line in enumerate(lines[first : first + height]):
        at = x
        for role, spans in groupby(line, key=lambda span: span[1]):
            text = "".join(text for text, _ in spans)
            at = canvas.put(at, y + row, text, style_of(palette, role))
        if row == height - 1 and first + height < len(lines):
            canvas.put(min(at, x + width - 2), y + row, " …", palette.dim)
    return len(lines)


@lru_cache(maxsize=64)
def markdown(text: str) -> tuple[Paragraph, ...]:
    """Markdown as paragraphs: bold and code stand out, lists get a dash."""
    from markdown_it import MarkdownIt

    paragraphs: list[list[Span]] = []
    bullet = ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "list_item_open":
            bullet = f"{token.info or '–'}{'.' if token.info else ''} "
        elif token.type in ("fence", "code_block"):
            _separate(paragraphs)
            paragraphs += [[(line, "bold")] for line in token.content.rstrip("\n").split("\n")]
        elif token.type == "inline":
            if not bullet:
                _separate(paragraphs)
            paragraphs.append([(bullet, "dim")] if bullet else [])
            bullet = ""
            role = "base"
            for child in token.children or ():
                if child.type in ("strong_open", "em_open"):
                    role = "bold"
                elif child.type in ("strong_close", "em_close"):
                    role = "base"
                elif child.type in ("softbreak", "hardbreak"):
                    paragraphs[-1].append((" ", role))
                elif child.content:
                    code = child.type == "code_inline"
                    paragraphs[-1].append((child.content, "bold" if code else role))
    return tuple(paragraphs)


def _separate(paragraphs: list[list[Span]]) -> None:
    if paragraphs and paragraphs[-1]:
        paragraphs.append([])
