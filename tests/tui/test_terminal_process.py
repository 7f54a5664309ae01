"""The app as a process: how it begins and ends, signals, sizes, colours, settings."""

from __future__ import annotations

import signal
import sys

import pytest
from terminal import ENTER_ALTERNATE, LEAVE_ALTERNATE, SHOW_CURSOR, Terminal

# -- ends -----------------------------------------------------------------------------------------


def restored(terminal: Terminal) -> bool:
    """The alternate screen is left, the cursor shows, the mouse and the keyboard are let go."""
    tail = terminal.output[terminal.output.rindex(ENTER_ALTERNATE) :]
    return (
        LEAVE_ALTERNATE in tail
        and tail.rindex(SHOW_CURSOR) > tail.rindex(b"\x1b[?25l")
        and all(tail.rindex(b"\x1b[?%dl" % mode) > tail.rindex(b"\x1b[?%dh" % mode)
                for mode in (1000, 1003, 1006, 2004))
    )  # fmt: skip


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_q_and_ctrl_c_quit(opened, key: str) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send(key)
    assert toy.wait_exit() == 0
    assert restored(toy)
    assert toy.last_words.strip() == ""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_it_with_the_terminal_restored(opened, name: str, code: int) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("right")
    toy.wait_for("1 → 13")
    toy.tell(getattr(signal, name))
    assert toy.wait_exit() == code
    assert restored(toy)
    assert toy.last_words.strip() == ""
    again = opened()
    again.wait_for("resume at conv1.forward[0,0,0,0] tap[0,0,1]")


def test_ctrl_c_quits_from_a_dialog_and_from_help(opened) -> None:
    for key, sign in (
        ("g", "step 12   50%"),
        ("e", "change a number"),
        ("?", "? closes"),
        ("ctrl+p", "Search for commands"),
    ):
        toy = opened("toy_2x2")
        toy.wait_for("0 → 1")
        toy.send(key)
        toy.wait_for(sign)
        toy.send("ctrl+c")
        assert toy.wait_exit() == 0
        assert restored(toy)


def test_quitting_does_not_wait_for_what_is_being_computed(opened) -> None:
    net = opened("alexnet")
    net.wait_for("alexnet › ")
    net.send("q")
    assert net.wait_exit() == 0
    assert restored(net)
    assert net.last_words.strip() == ""


def test_quitting_at_once_from_home_works(opened) -> None:
    home = opened()
    home.wait_for("lessons")
    home.send("q")
    assert home.wait_exit() == 0
    assert restored(home)


# -- what nobody had thought of -------------------------------------------------------------------

#: Presses "n" into an error in the app itself, in a thread's place with "T".
_BROKEN = """
import sys
from cnnsim.tui.screens.forward import ForwardScreen
def broken(self, direction):
    raise ZeroDivisionError("nobody [bold]thought\\nof this")
ForwardScreen.action_stop = broken
def thread(self):
    def work():
        raise LookupError("in a thread")
    self.run_worker(work, thread=True)
ForwardScreen.action_theme = thread
from cnnsim.tui.widgets.growthpanel import GrowthPanel
def draw(self, canvas):
    raise ArithmeticError("while drawing")
GrowthPanel.paint = draw
from cnnsim.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("args", "key", "what"),
    [
        (["toy_2x2"], "n", "ZeroDivisionError: nobody [bold]thought"),
        (["toy_2x2"], "T", "LookupError: in a thread"),
        (["sobel"], None, "ArithmeticError: while drawing"),
    ],
)
def test_an_unexpected_problem_ends_in_one_line_and_a_file(tmp_path, args, key, what) -> None:
    with Terminal(args, tmp_path, command=[sys.executable, "-c", _BROKEN]) as broken:
        if key:
            broken.wait_for("0 → 1")
            broken.send(key)
        assert broken.wait_exit() == 1
        assert restored(broken)
        words = broken.last_words.strip()
        details = tmp_path / "state" / "cnnsim" / "problem.txt"
        assert words == (
            f"error: cnnsim met an unexpected problem: {what}; the details are in {details}"
        )
        assert "Traceback (most recent call last)" in details.read_text()
        assert what in details.read_text()


def test_without_a_place_for_the_details_the_line_says_how_to_see_them(tmp_path) -> None:
    (tmp_path / "state").write_text("no folder")
    with Terminal(["toy_2x2"], tmp_path, command=[sys.executable, "-c", _BROKEN]) as broken:
        broken.wait_for("0 → 1")
        broken.send("n")
        assert broken.wait_exit() == 1
        assert broken.last_words.strip().endswith("; CNNSIM_TRACEBACK=1 shows the details")


# -- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(60, 16), (80, 24), (120, 36), (200, 60)])
def test_every_size_shows_header_numbers_words_and_footer(opened, width, height) -> None:
    toy = opened("toy_2x2", width=width, height=height)
    toy.wait_for("conv1", "input", "▐", "▌", "quit", "●")
    toy.settle()
    first, *_, last = toy.lines()
    assert "conv1 › " in first
    assert first.rstrip().endswith("❚❚ 2/s")
    assert last.rstrip().endswith("? help  q quit")
    assert "what is happening" in toy.text()
    toy.send("right")
    toy.wait_until(lambda: "13" in toy.text(), "running sum")


def test_too_small_a_terminal_says_what_is_needed(opened) -> None:
    toy = opened("toy_2x2", width=59, height=15)
    toy.wait_for("cnnsim needs 60×16; this is 59×15")
    toy.settle()
    assert len(toy.text().split("\n", 1)[0]) < 59
    assert toy.text().count("\n") == toy.text().strip("\n").count("\n") + 14
    toy.send("q")
    assert toy.wait_exit() == 0


@pytest.mark.parametrize(("args", "place"), [([], "cnnsim"), (["toy_2x2"], "conv1 › ")])
def test_a_resize_lays_out_anew(opened, args, place) -> None:
    app = opened(*args)
    app.wait_for("cnnsim › ", "quit")
    for width, height in [(80, 24), (59, 15), (200, 60), (60, 16), (30, 5), (120, 36)]:
        app.resize(width, height)
        if width < 60:
            app.wait_for("cnnsim needs 60×16;", f"this is {width}×{height}")
            continue
        app.wait_until(
            lambda: app.lines()[-1].rstrip().endswith("q quit") and place in app.lines()[0],
            f"the footer at {app.width}x{app.height}",
        )
        app.settle()
        assert "needs 60×16" not in app.text()
        for line in app.lines()[1:-3]:
            assert line.count("╭") == line.count("╮"), app.text()
            assert line.count("╰") == line.count("╯"), app.text()


def test_many_resizes_and_keys_at_once_are_survived(opened) -> None:
    toy = opened("modes")
    toy.wait_for("modes › ")
    for width, height in [(61, 17), (200, 10), (80, 24), (20, 60), (119, 31), (60, 16), (99, 99)]:
        for key in ("right", "m", "L", "tab", "ctrl+p", "pageup", "escape", "v", "g", "escape"):
            toy.send(key)
        toy.resize(width, height)
        toy.click(width - 1, height - 1)
        toy.click(10, 5)
    toy.resize(120, 36)
    toy.settle()
    for _ in range(3):
        toy.send("escape")
        toy.settle()
    toy.wait_for("lessons")


def test_a_resize_under_a_dialog_keeps_what_was_typed(opened) -> None:
    toy = opened("toy_2x2")
    toy.wait_for("0 → 1")
    toy.send("g")
    toy.wait_for("step 12   50%")
    toy.type("mac 7")
    toy.wait_for("mac 7")
    toy.resize(80, 24)
    toy.wait_until(lambda: "mac 7" in toy.text() and "▸ conv1" in toy.text(), "the dialog")
    toy.send("enter")
    toy.wait_for("step 7  ")


# -- colours and characters -----------------------------------------------------------------------


def test_no_color_means_no_colour_codes_but_all_the_marks(opened) -> None:
    modes = opened("modes", "--at", "full.forward[0,0,0,1] tap[0,0,0]", env={"NO_COLOR": "1"})
    modes.wait_for("░ padding", "▐", "▌", "·")
    modes.send("L", "end", "?")
    modes.wait_for("? closes")
    modes.send("?")
    modes.wait_gone("? closes")
    modes.send("ctrl+p")
    modes.wait_for("Search for commands")
    modes.send("escape")
    modes.wait_gone("Search for commands")
    modes.send("T")
    modes.wait_for("there is one theme")
    codes = {int(code) for code in modes.styles if code}
    assert not codes & {*range(30, 38), 38, *range(40, 48), 48, *range(90, 98), *range(100, 108)}
    assert 7 in codes or 1 in codes


def test_an_empty_no_color_is_none(opened) -> None:
    """So says no-color.org."""
    modes = opened("modes", "--at", "full.forward[0,0,0,1] tap[0,0,0]", env={"NO_COLOR": ""})
    modes.wait_for("░ padding")
    assert {int(code) for code in modes.styles if code} & {38, 48}
    modes.send("T")
    modes.wait_for("░ padding")
    assert "there is one theme" not in modes.text()


def test_ascii_glyphs_print_nothing_else(opened) -> None:
    toy = opened("modes", "--at", "full", "--glyphs", "ascii")
    toy.wait_for("cnnsim > modes > full", "+- input")
    toy.send("right", "L", "?")
    toy.wait_for("? closes")
    toy.send("?")
    toy.wait_gone("? closes")
    toy.send("g")
    toy.wait_for("step 12   50%")
    toy.type("conv9")
    toy.send("enter")
    toy.wait_for("no layer 'conv9' here")
    toy.send("escape")
    toy.wait_gone("no layer 'conv9' here")
    toy.send("ctrl+p")
    toy.wait_for("Search for commands")
    toy.send("escape")
    toy.wait_gone("Search for commands")
    toy.send("n", "m", "v", "escape", "escape")
    toy.wait_for("lessons")
    toy.settle()
    assert toy.output.isascii()


def test_a_terminal_without_unicode_gets_ascii(opened) -> None:
    toy = opened("toy_2x2", env={"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0",
                                 "PYTHONCOERCECLOCALE": "0"})  # fmt: skip
    toy.wait_for("cnnsim > toy_2x2", "0-> 1")
    toy.settle()
    assert toy.output.isascii()


@pytest.mark.parametrize(
    ("theme", "ground"), [("dark", "12141a"), ("light", "fbfaf6"), ("ansi", "default")]
)
def test_the_theme_can_be_chosen_from_the_start(opened, theme, ground) -> None:
    toy = opened("toy_2x2", "--theme", theme)
    toy.wait_for("0 → 1")
    toy.settle()
    assert toy.cell(60, 25).bg == ground


def test_ansi_uses_the_terminals_own_colours_only(opened) -> None:
    toy = opened("toy_2x2", "--theme", "ansi")
    toy.wait_for("0 → 1")
    toy.send("right", "right", "?")
    toy.wait_for("? closes")
    assert not toy.styles & {"38", "48"}
