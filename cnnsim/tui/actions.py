"""The one table of actions. Bindings, footer, help, palette and key configuration read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import NamedTuple

from textual.binding import Binding


class Action(NamedTuple):
    """Something a person can do.

    Attributes:
        id: what key configurations name, such as ``step.next``.
        keys: Textual's names of the keys, comma-separated.
        method: the ``action_…`` method, with arguments if any.
        label: the footer's verb; empty keeps it out of the footer.
        tip: one sentence for help and palette.
        screens: the screens it belongs to.
        shown: the keys as the footer shows them, where they differ from the first key's name;
            a row of the same `label` is shown once.
    """

    id: str
    keys: str
    method: str
    label: str
    tip: str
    screens: tuple[str, ...]
    shown: str = ""


_ALL = ("home", "forward", "walk", "draw", "train")

ACTIONS: tuple[Action, ...] = (
    # The stepper
    Action("step.next", "right,l", "step(1)", "step", "One step of the chosen size forwards.",
           ("forward",), "←→"),
    Action("step.previous", "left,h", "step(-1)", "step",
           "One step of the chosen size backwards.", ("forward",), "←→"),
    Action("cell.next", "L,shift+right", "cell(1)", "cell", "The first step of the next cell.",
           ("forward",), "HL"),
    Action("cell.previous", "H,shift+left", "cell(-1)", "cell", "Back to the beginning of a cell.",
           ("forward",), "HL"),
    Action("tour.next", "n", "stop(1)", "note", "The next stop of the tour.", ("forward",)),
    Action("tour.previous", "N", "stop(-1)", "", "The previous stop of the tour.", ("forward",)),
    Action("note.on", "pagedown", "page(1)", "", "Read on in the note.", ("forward",)),
    Action("note.back", "pageup", "page(-1)", "", "Back in the note.", ("forward",)),
    Action("unit.coarser", "up,k", "unit(1)", "coarser finer",
           "Larger steps: product, cell, row, channel, layer.", ("forward",), "↑↓"),
    Action("unit.finer", "down,j", "unit(-1)", "coarser finer", "Smaller steps.", ("forward",),
           "↑↓"),
    Action("play", "space", "play", "play", "Play, or pause.", ("forward",)),
    Action("speed.faster", "right_square_bracket", "speed(1)", "speed", "Play twice as fast.",
           ("forward",), "[ ]"),
    Action("speed.slower", "left_square_bracket", "speed(-1)", "speed", "Play half as fast.",
           ("forward",), "[ ]"),
    Action("goto", "g", "goto", "go to", "Go to an address, a number, a percentage or a layer.",
           ("forward",)),
    Action("find", "slash", "find", "find",
           "Find a value, a sign change, padding, NaN or the largest.", ("forward",)),
    Action("find.next", "f3,ctrl+n", "find_again(1)", "", "The next one found.", ("forward",)),
    Action("find.previous", "shift+f3,ctrl+b", "find_again(-1)", "", "The previous one found.",
           ("forward",)),
    Action("breakpoint", "B", "breakpoint", "", "Play until something happens, or no longer.",
           ("forward",)),
    Action("guess", "p", "guess", "guess", "Guess the next value.", ("forward",)),
    Action("why", "i", "flow(False)", "why", "Why a value is what it is: its terms, largest first.",
           ("forward",)),
    Action("uses", "o", "flow(True)", "", "Where a value goes: every step that reads it.",
           ("forward",)),
    Action("record", "R", "record", "", "Record what you look at as a tour; again: save it.",
           ("forward",)),
    Action("note", "a", "note", "", "Put a note on this step of the recording.", ("forward",)),
    Action("edit", "e", "edit", "edit", "Change a number and see what follows from it.",
           ("forward",)),
    Action("undo", "u", "undo", "undo", "Take back the last edit.", ("forward",)),
    Action("redo", "U,ctrl+r", "redo", "", "Do again what was taken back.", ("forward",)),
    Action("view", "v", "view", "view", "Numbers, symbols or colours.", ("forward",)),
    Action("scatter", "V", "scatter", "",
           "Scatter: where each value that is read goes, or the sum again.", ("forward",)),
    Action("channel.next", "c", "channel(1)", "channel", "Look at the next channel.",
           ("forward",)),
    Action("channel.previous", "C", "channel(-1)", "", "Look at the previous channel.",
           ("forward",)),
    Action("walk", "w", "walk", "walk", "The shape walk: sizes, costs, receptive fields.",
           ("forward",)),
    Action("backward", "b", "backward", "backward",
           "The gradients of this layer, one after the other; then its update.", ("forward",)),
    Action("forward", "f", "forward", "", "From a gradient back to the forward product.",
           ("forward",)),
    Action("start", "home", "end(-1)", "", "The first step.", ("forward",)),
    Action("end", "end", "end(1)", "", "The last step.", ("forward",)),
    Action("padding", "x", "padding", "", "Skip the taps on padding, or stop at them again.",
           ("forward",)),
    Action("copy", "y", "copy", "copy", "Copy the cell as NumPy code; again: as PyTorch code.",
           ("forward",)),
    # Home
    Action("choose.next", "down,j", "choose(1)", "move", "The next entry.", ("home",), "jk"),
    Action("choose.previous", "up,k", "choose(-1)", "move", "The previous entry.", ("home",), "jk"),
    Action("open", "enter", "open", "open", "Open it at its first step.", ("home",)),
    Action("resume", "r", "resume", "resume", "Go on where you were the last time.",
           ("home", "forward")),
    Action("walk.open", "w", "walk", "walk", "Open its shape walk.", ("home",)),
    Action("filter", "slash", "filter", "filter", "Show only what holds a word.", ("home",)),
    Action("file", "o", "file", "open a file", "Open a scenario file.", ("home",)),
    # The walk
    Action("layer.next", "down,j", "layer(1)", "layer", "The next layer; elsewhere: down.",
           ("walk",), "jk"),
    Action("layer.previous", "up,k", "layer(-1)", "layer", "The previous layer; elsewhere: up.",
           ("walk",), "jk"),
    Action("layer.first", "home", "end(-1)", "", "The input.", ("walk",)),
    Action("layer.last", "end", "end(1)", "", "The last layer.", ("walk",)),
    Action("inside", "enter", "inside", "step inside",
           "Step through this layer; from the picture: at the chosen unit.", ("walk",)),
    Action("field", "r", "field", "move the field", "Move the receptive field with the arrows.",
           ("walk",)),
    Action("picture.channel", "c", "channel(1)", "channels",
           "The next single channel of the input, or its colours.", ("walk",)),
    Action("picture.channel.back", "C", "channel(-1)", "", "The previous one.", ("walk",)),
    Action("what.if", "w", "what_if", "what if",
           "Change sizes, strides and paddings; everything follows.", ("walk",)),
    Action("right", "right,l", "across(1)", "", "A larger number, or the unit to the right.",
           ("walk",)),
    Action("left", "left,h", "across(-1)", "", "A smaller number, or the unit to the left.",
           ("walk",)),
    Action("right.far", "L,shift+right", "far(0,1)", "", "Ten more, or eight units to the right.",
           ("walk",)),
    Action("left.far", "H,shift+left", "far(0,-1)", "", "Ten less, or eight units to the left.",
           ("walk",)),
    Action("down.far", "J,shift+down", "far(1,0)", "", "Eight units down.", ("walk",)),
    Action("up.far", "K,shift+up", "far(-1,0)", "", "Eight units up.", ("walk",)),
    Action("what.undo", "u", "undo", "", "Take back the last change.", ("walk",)),
    Action("what.redo", "U,ctrl+r", "redo", "", "Do again what was taken back.", ("walk",)),
    Action("what.reset", "x,delete", "reset", "", "Everything as in the file again.", ("walk",)),
    Action("copy.table", "y", "copy", "copy table", "Copy the table as text.", ("walk",)),
    Action("layer.find", "slash", "find", "find", "Find a layer by its name or kind.", ("walk",)),
    Action("fold", "z", "fold", "", "Show or hide layers that change values in place.",
           ("walk",)),
    # The drawing pad
    Action("sheet.inside", "enter", "inside", "step inside",
           "Step through what the net does with the picture.", ("draw",)),
    Action("sheet.backward", "b", "backward", "backward",
           "Step through the gradients for the class that is explained.", ("draw",)),
    *(
        Action(f"explain.{digit}", str(digit), f"explain({digit})", "class",
               f"Explain class {digit}; again: the likeliest.", ("draw",), "0–9")
        for digit in range(10)
    ),
    Action("sheet.random", "r", "random", "a picture",
           "A picture that the net has not been trained with.", ("draw",)),
    Action("sheet.file", "o", "file", "a file", "A picture file of any size.", ("draw",)),
    Action("sheet.invert", "i", "invert", "",
           "An opened file: dark on light as light on dark, or as it is.", ("draw",)),
    Action("sheet.compare", "c", "compare", "compare",
           "Keep what the net says of this, to compare others with; again: no more.", ("draw",)),
    Action("sheet.clear", "x,delete", "clear", "clear", "A new sheet.", ("draw",)),
    Action("sheet.undo", "u", "undo", "undo", "Take back the last stroke.", ("draw",)),
    Action("pen.lift", "space", "down", "down, up", "Put the pen down, or lift it.", ("draw",)),
    Action("pen.left", "left,h", "pen(0,-1)", "pen", "Move the pen left.", ("draw",), "←→↑↓"),
    Action("pen.right", "right,l", "pen(0,1)", "pen", "Move the pen right.", ("draw",), "←→↑↓"),
    Action("pen.up", "up,k", "pen(-1,0)", "pen", "Move the pen up.", ("draw",), "←→↑↓"),
    Action("pen.down", "down,j", "pen(1,0)", "pen", "Move the pen down.", ("draw",), "←→↑↓"),
    # Training
    Action("run.pause", "space", "pause", "pause", "Pause, or go on.", ("train",)),
    Action("run.batch", ".", "batch", "batch", "One update, then pause.", ("train",)),
    Action("run.epoch", ">", "epoch", "epoch",
           "To the end of the epoch, then pause.", ("train",)),
    Action("run.next", "n", "run(1)", "other run", "The next of several runs.", ("train",), "nN"),
    Action("run.previous", "N", "run(-1)", "other run", "The previous of several runs.",
           ("train",), "nN"),
    Action("slider.next", "right,l", "slide(1)", "through training",
           "The next update: everything shows the run as it was then.", ("train",), "←→"),
    Action("slider.previous", "left,h", "slide(-1)", "through training",
           "The previous update.", ("train",), "←→"),
    Action("slider.epoch.next", "shift+right,L,pagedown", "slide_epoch(1)", "",
           "An epoch on.", ("train",)),
    Action("slider.epoch.previous", "shift+left,H,pageup", "slide_epoch(-1)", "",
           "An epoch back.", ("train",)),
    Action("slider.first", "home", "slide_end(-1)", "", "Before the first update.", ("train",)),
    Action("slider.last", "end", "slide_end(1)", "", "The latest update; go on from there.",
           ("train",)),
    *(
        Action(f"panel.{number}", str(number), f"show({number})", "panels",
               f"Panel {number} alone, or all again.", ("train",), "0–9")
        for number in (*range(1, 10), 0)
    ),
    Action("mistake.inside", "enter", "inside", "step inside",
           "Step through the chosen mistake; from the slider: this update; from a weight: a term.",
           ("train",)),
    Action("weight", "w", "watch", "watch a weight",
           "Watch one number of a parameter: its course, and what moved it.", ("train",)),
    Action("digit.next", "c", "specimen(1)", "",
           "The activations of a digit of the next class.", ("train",)),
    Action("digit.previous", "C", "specimen(-1)", "", "Of the previous class.", ("train",)),
    Action("rate.larger", "+,=", "rate(1)", "rate",
           "A larger learning rate from now on.", ("train",), "+ -"),
    Action("rate.smaller", "-", "rate(-1)", "rate", "A smaller learning rate from now on.",
           ("train",), "+ -"),
    Action("axis", "e", "axis", "log linear", "Losses on a log axis, or a linear one.",
           ("train",)),
    Action("mistake.next", "down,j", "choose(1)", "",
           "The next mistake; beside a weight: the next of what moved it.", ("train",)),
    Action("mistake.previous", "up,k", "choose(-1)", "", "The previous one.", ("train",)),
    Action("run.stop", "ctrl+c", "stop", "", "Stop and save; once that is done, quit.",
           ("train",)),
    # Everywhere
    Action("train", "t", "train", "train",
           "Train the net and watch it learn; back to what trains; how an opened run was trained.",
           ("home", "forward", "walk", "draw")),
    Action("draw", "d", "draw", "draw", "Draw a digit and see what a net makes of it.",
           ("home", "forward", "walk", "train")),
    Action("panel.next", "tab", "turn(1)", "", "The next panel.", _ALL),
    Action("panel.previous", "shift+tab", "turn(-1)", "", "The previous panel.", _ALL),
    Action("maximise", "m", "maximise", "maximise", "The focused panel alone, or all again.",
           ("forward", "walk")),
    Action("maximise.here", "m", "maximise", "", "The focused panel alone, or all again.",
           ("train",)),
    Action("save", "s", "save", "", "Save the screen as SVG and as text.", _ALL),
    Action("theme", "T", "theme", "", "The next theme: dark, light, ANSI.", _ALL),
    Action("palette", "ctrl+p", "app.command_palette", "", "Everything by name.", _ALL, "^p"),
    Action("back", "escape", "back", "", "Back to where you came from; a run goes on training.",
           _ALL),
    Action("help", "question_mark,f1", "help", "help", "Help for the focused panel.", _ALL, "?"),
    Action("quit", "q,ctrl+c", "app.quit", "quit", "Quit.", _ALL),
)  # fmt: skip

#: Quits from dialogs too, where Textual would only copy what is selected.
QUIT = Binding("ctrl+c", "app.quit", show=False, priority=True)

#: What never leaves the footer.
FIXED = ("help", "quit")


def actions_of(screen: str) -> list[Action]:
    """The actions of one screen, in the order of the table."""
    return [action for action in ACTIONS if screen in action.screens]


def bindings_of(screen: str) -> list[Binding]:
    """The same as Textual's bindings, which the user's key table can change by id."""
    return [
        Binding(action.keys, action.method, action.label or action.tip, show=False, id=action.id,
                tooltip=action.tip, priority=action.id in ("palette",))
        for action in actions_of(screen)
    ]  # fmt: skip


_NAMES = {
    "slash": "/", "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]",
    "escape": "esc", "pageup": "PgUp", "pagedown": "PgDn",
    "left": "←", "right": "→", "up": "↑", "down": "↓",
}  # fmt: skip


def key_name(key: str) -> str:
    """How a key is called on the screen."""
    return _NAMES.get(key, key.replace("ctrl+", "^"))


def every_key(action: Action, keymap: dict[str, str]) -> str:
    """All keys of an action, after the user's key table."""
    return " ".join(map(key_name, keymap.get(action.id, action.keys).split(",")))


def shown_keys(action: Action, keymap: dict[str, str]) -> str:
    """The keys of an action as the footer shows them, after the user's key table."""
    if action.id in keymap:
        return key_name(keymap[action.id].split(",")[0])
    return action.shown or key_name(action.keys.split(",")[0])


def footer_entries(
    screen: str,
    keymap: dict[str, str],
    offers: Callable[[str], bool] = lambda action: True,
    verb: Callable[[Action], str] = attrgetter("label"),
) -> list[tuple[str, str, bool]]:
    """(keys, verb, is fixed) for the footer, each verb once; only ids that the screen `offers`."""
    entries: dict[str, tuple[str, str, bool]] = {}
    for action in actions_of(screen):
        if action.label and action.label not in entries and offers(action.id):
            fixed = action.id in FIXED
            entries[action.label] = (shown_keys(action, keymap), verb(action), fixed)
    return list(entries.values())


def unknown_ids(ids: Iterable[str]) -> list[str]:
    """Those of `ids` that name no action."""
    known = {action.id for action in ACTIONS}
    return [each for each in ids if each not in known]
