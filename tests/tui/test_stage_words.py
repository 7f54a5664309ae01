"""A step in words, in columns, on the timeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import view_of

from cnnsim.scenario.reader import parse_scenario, read_scenario
from cnnsim.stepper.stepper import Stepper
from cnnsim.steps.sweep import Start
from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.ledger import TermColumn, draw_equation
from cnnsim.tui.drawing.numbers import number
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.drawing.timeline import draw_timeline
from cnnsim.tui.stage.names import read_letter
from cnnsim.tui.stage.narrate import narrate, origins
from cnnsim.tui.stage.prose import wrap
from cnnsim.tui.stage.slots import sign_of
from cnnsim.tui.stage.stage import Stage
from cnnsim.tui.stage.symbols import cell_form
from cnnsim.tui.stage.terms import equation_decimals, term_columns
from cnnsim.tui.stage.ticks import ticks_of

TOY = Stepper(read_scenario("toy_2x2"))
MODES = Stepper(read_scenario("modes"))
POOLING = Stepper(read_scenario("pooling"))


def said(stepper: Stepper, at: int | str) -> str:
    stepper.values.compute_all()
    paragraphs = narrate(Stage(stepper), view_of(stepper, at))
    return "\n".join("".join(text for text, _ in paragraph) for paragraph in paragraphs)


def columns(stepper: Stepper, at: int | str, symbols: bool = False) -> list[TermColumn]:
    view = view_of(stepper, at)
    letters = ("x", "w")[: len(view.sweep.reads)] if symbols else ()
    return term_columns(view, range(view.sweep.tap_count), letters)


# -- narrate --------------------------------------------------------------------------------------


def test_a_product_is_told_with_its_numbers() -> None:
    assert "x[0,1,0]·w[0,0,1,0] = 5·(−1) = −5." in said(TOY, 2)


def test_a_falling_and_a_rising_sum_are_told() -> None:
    assert "The sum falls from 13 to 8." in said(TOY, 2)
    assert "The sum rises from 0 to 6." in said(TOY, 4)


def test_a_tiny_product_hardly_changes_the_sum() -> None:
    stepper = Stepper(TOY.scenario)
    stepper.edit("conv1.w", (0, 0, 1, 0), -1e-9)
    assert "The sum hardly changes from 13." in said(stepper, 2)


def test_a_product_of_zero_leaves_the_sum() -> None:
    assert "The sum stays 8." in said(TOY, 3)


def test_the_last_product_completes_the_cell() -> None:
    assert "The cell is complete." in said(TOY, 3)
    assert "The cell is complete." not in said(TOY, 2)


def test_the_note_of_the_tour_comes_first() -> None:
    assert said(TOY, 1).startswith("One kernel number to the right")


def test_padding_is_told_as_padding() -> None:
    assert "lies on the padding, beyond the edge. It counts as 0." in said(
        MODES, "full.forward[0,0,0,1] tap[0,0,0]"
    )


def test_a_maximum_is_told_as_the_largest_so_far() -> None:
    sweep = next(s for s in POOLING.trace.sweeps if s.fold and s.fold.name == "larger")
    first = POOLING.trace.first_step(POOLING.trace.sweeps.index(sweep))
    assert "The largest so far is " in said(POOLING, first)


@pytest.mark.parametrize("name", ["toy_2x2", "modes", "pooling", "conv_layer", "sobel"])
def test_every_step_of_every_lesson_has_words(name: str) -> None:
    stepper = Stepper(read_scenario(name))
    stepper.values.compute_all()
    stage = Stage(stepper)
    for step in range(0, len(stepper.trace), 3):
        view = view_of(stepper, step)
        paragraphs = narrate(stage, view)
        text = "".join(text for paragraph in paragraphs for text, _ in paragraph)
        assert text.strip()
        # A minus sign is U+2212 in everything that is computed.
        assert "-" not in "".join(text for text, _ in paragraphs[-1])


@given(st.floats())
def test_a_number_in_text_is_short_and_has_a_true_minus(value: float) -> None:
    text = number(value)
    assert len(text) <= 11
    assert not text.startswith("-")


def test_no_number_is_a_dot() -> None:
    assert number(None) == "·"


def test_origins_fill_in_the_numbers() -> None:
    found = origins(view_of(MODES, "stride2_pad1.forward[0,0,1,1] tap[0,1,0]"))
    assert ("iy", "y·2 + i·1 − 1", "1·2 + 1·1 − 1", "2") in found


STRIDE_2 = """
title = "stride 2"
[input]
ones = [1, 3, 3]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [3, 4]]
stride = 2
padding = 1
[output_grad]
ones = true
"""


@pytest.mark.parametrize(
    ("stepper", "at", "places"),
    [
        # The corner's pixel never met kernel number 0,1: the kernel would stand at column −1.
        (Stepper(read_scenario("backprop_toy")), "[0,0,0,0] tap[0,0,1]", ("0", "−1")),
        (Stepper(read_scenario("backprop_toy")), "[0,0,2,2] tap[0,0,1]", ("2", "1")),
        # With the padding the pixel lies in row 1, and the windows begin in rows 0 and 2.
        (Stepper(parse_scenario("stride 2", STRIDE_2)), "[0,0,0,0] tap[0,0,1]", ("not whole", "0")),
    ],
)
def test_a_hole_says_which_of_its_coordinates_there_is_not(stepper, at, places) -> None:
    view = view_of(stepper, f"conv1.input_grad{at}")
    assert view.reading.why == "hole"
    assert tuple(value for *_, value in origins(view)) == places


# -- terms ----------------------------------------------------------------------------------------


def test_terms_after_this_step_stay_open() -> None:
    found = columns(TOY, 1)
    assert [term.state for term in found] == ["done", "now", "later", "later"]
    assert [term.term for term in found] == [1, 12, None, None]
    assert [term.running for term in found] == [1, 13, None, None]


def test_negative_numbers_stand_in_brackets() -> None:
    assert [term.text for term in columns(TOY, 3)] == ["1·1", "6·2", "5·(−1)", "3·0"]


def test_symbols_name_row_and_column() -> None:
    assert [term.text for term in columns(TOY, 3, symbols=True)] == [
        "x00·w00", "x01·w01", "x10·w10", "x11·w11",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["toy_2x2", "backprop_toy", "train_by_hand"])
def test_a_cell_in_symbols_is_worth_its_value(name: str) -> None:
    """Put the entry that a symbol names in its place: the sum written out is the cell."""
    stepper = Stepper(read_scenario(name))
    network = stepper.scenario.iteration.network
    stepper.values.compute_all()
    written_out = 0
    for sweep in stepper.trace.sweeps:
        if sweep.fold is None or not sweep.is_product:
            continue
        letters = tuple(read_letter(network, sweep, read) for read in range(len(sweep.reads)))
        view = view_of(stepper, f"{sweep.full_name}[{','.join('0' * len(sweep.cells))}]")
        _, _, form = cell_form(view, letters).partition(" = ")
        if "…" in form or sweep.has_finish:
            continue
        entries = {
            letter + "".join(map(str, index[-2:])): float(value)
            for letter, read in zip(letters, sweep.reads, strict=True)
            for index, value in np.ndenumerate(stepper.values[read.tensor])
            if not any(index[:-2])
        }
        if isinstance(sweep.start, Start):
            bias = stepper.values[sweep.start.tensor]
            entries[f"{sweep.start.tensor.rpartition('.')[2]}0"] = float(bias.flat[0])
        worth = eval(form.replace("·", "*").replace("−", "-"), {}, entries)
        assert worth == pytest.approx(float(stepper.values[sweep.writes].flat[0]), abs=1e-12)
        written_out += 1
    assert written_out


ADDED = """
title = "Added"
[input]
random = [1, 1, 2, 2]
{relu}
[[layers]]
type = "add"
name = "add1"
from = {sources}
[output_grad]
ones = true
"""


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_value_of_a_sum_of_tensors_has_a_name_of_its_own(count: int) -> None:
    """What is added up, and what comes back to the input that all of them read."""
    names = [f"relu{number}" for number in range(count)]
    relu = "\n".join(f'[[layers]]\ntype = "relu"\nname = "{n}"\nfrom = "input"' for n in names)
    stepper = Stepper(parse_scenario("added", ADDED.format(relu=relu, sources=names)))
    places = "₀₁₂₃"[:count]
    symbols = " + ".join(f"x{place}[0,0,1]" for place in places)
    assert f"{symbols} = " in said(stepper, "add1.forward[0,0,0,1]")
    view = view_of(stepper, "add1.forward[0,0,0,1]")
    letters = tuple(read_letter(stepper.network, view.sweep, n) for n in range(count))
    assert cell_form(view, letters) == "y01 = " + " + ".join(f"x{place}01" for place in places)
    symbols = " + ".join(f"dy{place}[0,0,1]" for place in places)
    assert f"{symbols} = " in said(stepper, "input.output_grad[0,0,0,1]")


@pytest.mark.parametrize(
    ("scenario", "sweep", "sign"),
    [
        ("toy_2x2", "conv1.forward", "⋆"),
        ("backprop_toy", "conv1.kernel_grad", "⋆"),
        ("backprop_toy", "conv1.input_grad", "∗"),
        ("train_by_hand", "fc.forward", "·"),
        ("pooling", "max2.forward", ""),
    ],
)
def test_the_sign_between_two_factors_is_that_of_the_sweep(scenario, sweep, sign) -> None:
    trace = Stepper(read_scenario(scenario)).trace
    number = trace.number_of(sweep)
    assert number is not None
    assert sign_of(trace.sweeps[number]) == sign


def test_terms_on_the_padding_say_so() -> None:
    found = columns(MODES, "full.forward[0,0,0,0] tap[0,1,1]")
    assert [term.outside for term in found] == ["padding", "padding", "padding", None]


def test_whole_numbers_have_no_decimals() -> None:
    assert equation_decimals(view_of(TOY, 3)) == 0


def equation_of(values: Sequence[float], letters: tuple[str, ...] = ()) -> list[str]:
    """The toy's first equation in 76 columns, with a kernel of these values."""
    stepper = Stepper(TOY.scenario)
    for number_, value in enumerate(values):
        stepper.edit("conv1.w", (0, 0, number_ // 2, number_ % 2), value)
    view = view_of(stepper, 3)
    canvas = Canvas(76, 4, DARK.base)
    decimals = equation_decimals(view)
    terms = term_columns(view, range(4), letters)
    draw_equation(canvas, 0, 0, 76, "0", terms, DARK, start_label="start", decimals=decimals)
    return canvas.lines()


@pytest.mark.parametrize("letters", [(), ("x", "w")])
@given(values=st.lists(st.floats(), min_size=4, max_size=4))
def test_numbers_of_any_size_stay_in_their_columns(values, letters) -> None:
    lines = equation_of(values, letters)
    shown = 4 - lines[0].rstrip().endswith("…")
    assert len(lines[1].split()) == len(["product", "start"]) + shown
    assert len(lines[2].split()) == len(["sum", "0"]) + shown


def test_large_and_tiny_numbers_of_an_equation_have_their_own_digits() -> None:
    assert equation_of([1, 2, 1e30, 0])[1].split()[2:] == ["+1", "+12", "+5e+30", "+0"]
    assert equation_of([1e-9, 0, 0, 0])[2].split()[2:] == ["1e−09"] * 4


# -- ticks ----------------------------------------------------------------------------------------


def test_a_lesson_has_a_tick_for_each_cell_with_its_value() -> None:
    TOY.values.compute_all()
    ticks = ticks_of(Stage(TOY), view_of(TOY, 9))
    assert [tick.label for tick in ticks] == [
        "y[0,0,0] = 8",
        "y[0,0,1] = 7",
        "y[0,1,0]",
        "y[0,1,1]",
    ]
    assert [tick.now for tick in ticks] == [False, False, True, False]


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("step", [0, 161])
def test_each_sweep_of_a_lesson_is_named_below_its_first_tick(width: int, step: int) -> None:
    stepper = Stepper(read_scenario("sobel"))
    stepper.values.compute_all()
    canvas = Canvas(width, 2, DARK.base)
    ticks = ticks_of(Stage(stepper), view_of(stepper, step))
    draw_timeline(canvas, 0, 0, width, ticks, step / 161, DARK)
    line = canvas.lines()[1]
    assert 0 <= line.index("correlate.forward[0,0,0]") < line.index("convolve.forward[0,0,0]")


def test_a_network_has_a_tick_for_each_layer() -> None:
    stepper = Stepper(read_scenario("lenet5"))
    labels = [tick.label for tick in ticks_of(Stage(stepper), view_of(stepper, 0))]
    assert labels[0] == "conv1"
    assert "fc2" in labels


@pytest.mark.parametrize("stepper", [TOY, MODES, POOLING], ids=lambda s: s.scenario.name)
def test_ticks_ascend_within_the_rail_and_one_is_now(stepper: Stepper) -> None:
    stepper.values.compute_all()
    for step in range(0, len(stepper.trace), 7):
        ticks = ticks_of(Stage(stepper), view_of(stepper, step))
        places = [tick.position for tick in ticks]
        assert places == sorted(places)
        assert all(0 <= place <= 1 for place in places)
        assert sum(tick.now for tick in ticks) == 1


# -- wrapping -------------------------------------------------------------------------------------


@given(st.lists(st.text("ab ·−", max_size=60), max_size=4), st.integers(1, 40))
def test_wrapped_lines_keep_every_word_and_the_width(texts: list[str], width: int) -> None:
    lines = wrap([[(text, "base")] for text in texts], width)
    joined = ["".join(text for text, _ in line) for line in lines]
    assert " ".join(joined).split() == " ".join(texts).split()
    assert all(len(line) <= width or " " not in line for line in joined)


def test_a_deep_note_in_markdown_keeps_its_code_and_bold() -> None:
    scenario = parse_scenario(
        "t",
        'title = "t"\n[input]\nvalues = [[1]]\n[[layers]]\ntype = "relu"\nname = "r"\n'
        '[[tour]]\nat = "r"\nsay = "**bold** `w[i][j]` plain\\n\\n- one\\n- two"\n',
    )
    text = said(Stepper(scenario), 0)
    assert "bold w[i][j] plain" in text
    assert "– one" in text
