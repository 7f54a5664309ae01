"""Textual's own widgets (dialogs, the palette, toasts) in the colours of the drawings."""

from __future__ import annotations

from textual.theme import Theme

from cnnsim.tui.drawing.palette import ANSI, DARK, LIGHT, MONO, Palette, hex_colour


def _theme(palette: Palette, dark: bool) -> Theme:
    def text(role: str) -> str:
        return hex_colour(getattr(palette, role)) or "ansi_default"

    def ground(role: str) -> str:
        return hex_colour(getattr(palette, role), ground=True) or "ansi_default"

    quiet = text("dim")
    return Theme(
        name=f"cnnsim-{palette.name}",
        # Gold means "now"; dialogs stay quiet, so the accents are greys.
        primary=text("focus_line"),
        secondary=quiet,
        accent=text("focus_line"),
        warning=text("base"),
        error=text("base"),
        success=text("good"),
        foreground=text("base"),
        background=ground("base"),
        surface=ground("bar"),
        panel=ground("selection"),
        boost=ground("selection"),
        dark=dark,
        variables={
            "border": text("focus_line"),
            "border-blurred": text("line"),
            "block-cursor-background": ground("selection"),
            "block-cursor-foreground": text("base"),
            "block-cursor-text-style": "bold",
            "input-cursor-background": text("base"),
            "input-selection-background": ground("selection"),
            "footer-background": ground("bar"),
            "scrollbar": text("line"),
            "scrollbar-hover": text("focus_line"),
            "scrollbar-background": ground("base"),
        },
    )


#: The themes for dark and light.
THEMES = (_theme(DARK, True), _theme(LIGHT, False))

#: Palettes in the order in which the theme key goes through them.
CYCLE = (DARK, LIGHT, ANSI)


def theme_for(palette: Palette) -> str:
    """The name of the Textual theme that goes with `palette`."""
    return "textual-ansi" if palette in (ANSI, MONO) else f"cnnsim-{palette.name}"
