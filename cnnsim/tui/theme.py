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


def _ansi_theme() -> Theme:
    """The terminal's own colours only; what is chosen is reversed, so it shows on any ground."""
    quiet, plain = "ansi_bright_black", "ansi_default"
    return Theme(
        name="cnnsim-ansi",
        ansi=True,
        primary=plain,
        secondary=quiet,
        accent=plain,
        warning=plain,
        error=plain,
        success="ansi_green",
        foreground=plain,
        background=plain,
        surface=plain,
        panel=plain,
        boost=plain,
        variables={
            "ansi-background": plain,
            "ansi-foreground": plain,
            "border": quiet,
            "border-blurred": quiet,
            "block-cursor-background": plain,
            "block-cursor-foreground": plain,
            "block-cursor-text-style": "reverse",
            "block-cursor-blurred-background": plain,
            "block-cursor-blurred-foreground": plain,
            "block-cursor-blurred-text-style": "reverse",
            "block-hover-background": plain,
            "input-cursor-background": plain,
            "input-cursor-foreground": plain,
            "input-cursor-text-style": "reverse",
            "input-selection-background": plain,
            "input-selection-foreground": quiet,
            "scrollbar": quiet,
            "scrollbar-hover": quiet,
            "scrollbar-active": plain,
            "scrollbar-background": plain,
            "scrollbar-background-hover": plain,
            "scrollbar-background-active": plain,
            "scrollbar-corner-color": plain,
        },
    )


#: The themes for dark, light and the terminal's own colours.
THEMES = (_theme(DARK, True), _theme(LIGHT, False), _ansi_theme())

#: Palettes in the order in which the theme key goes through them.
CYCLE = (DARK, LIGHT, ANSI)


def theme_for(palette: Palette) -> str:
    """The name of the Textual theme that goes with `palette`."""
    return "cnnsim-ansi" if palette in (ANSI, MONO) else f"cnnsim-{palette.name}"
