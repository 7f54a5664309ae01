"""The mouse, through the sequences that a real terminal sends."""

from __future__ import annotations

from terminal import Terminal


def label(terminal: Terminal, panel: str, text: str) -> tuple[int, int]:
    """Where the index of a cell stands, in the panel of that title."""
    left, top = terminal.find(f"─ {panel}")
    lines = terminal.lines()
    right = lines[top].index("╮", left)
    bottom = next(y for y in range(top + 1, terminal.height) if lines[y][left - 1] == "╰")
    for y in range(top, bottom):
        if (x := lines[y].find(text, left, right)) >= 0:
            return x, y
    raise AssertionError(f"no {text} in {panel}:\n{terminal.text()}")


def test_a_click_on_an_output_goes_to_its_first_product(shared) -> None:
    toy = shared("toy_2x2")
    toy.click(*label(toy, "conv1.y", "1,0"))
    toy.wait_for("step 8  ", "[0,0,1,0] › tap[0,0,0]")


def test_a_click_on_a_pixel_goes_to_the_product_that_uses_it(shared) -> None:
    toy = shared("toy_2x2")
    toy.click(*label(toy, "input", "1,1"))
    toy.wait_for("step 3  ", "tap[0,1,1]")


def test_a_click_on_a_pixel_outside_the_field_goes_to_the_first_cell_with_it(shared) -> None:
    toy = shared("toy_2x2")
    toy.click(*label(toy, "input", "2,2"))
    toy.wait_for("step 15  ", "[0,0,1,1] › tap[0,1,1]")


def test_a_click_on_a_weight_goes_to_its_product(shared) -> None:
    toy = shared("toy_2x2")
    toy.click(*label(toy, "conv1.w", "1,0"))
    toy.wait_for("step 2  ", "tap[0,1,0]")


def test_a_click_between_cells_goes_nowhere(shared) -> None:
    toy = shared("toy_2x2")
    x, y = label(toy, "input", "2,0")
    toy.click(x, y + 3)
    toy.send("right")
    toy.wait_for("step 1  ")


def test_a_click_in_a_maximised_panel_goes_there_too(shared) -> None:
    toy = shared("toy_2x2")
    toy.send("m")
    toy.wait_gone("loops")
    toy.settle()
    toy.click(*label(toy, "input", "2,2"))
    toy.wait_for("step 15  ")
    toy.send("m")
    toy.wait_for("loops")


def test_a_click_where_no_product_uses_a_value_says_so(shared) -> None:
    modes = shared("modes")
    modes.send("g")
    modes.wait_for("step 12   50%")
    modes.type("stride2")
    modes.send("enter")
    modes.wait_for("stride2 › ")
    modes.click(*label(modes, "input", "2,2"))
    modes.wait_for("no product of this output map uses that value")


def test_pointing_at_an_output_shows_where_it_comes_from(shared) -> None:
    toy = shared("toy_2x2")
    x, y = label(toy, "input", "2,2")
    before = [toy.cell(column, y) for column in range(x - 2, x + 9)]
    toy.move(*label(toy, "conv1.y", "1,1"))
    toy.wait_until(
        lambda: [toy.cell(column, y) for column in range(x - 2, x + 9)] != before,
        "mark at the pixel",
    )
    toy.move(0, 30)
    toy.wait_until(
        lambda: [toy.cell(column, y) for column in range(x - 2, x + 9)] == before, "pixel as before"
    )


def test_a_click_on_the_timeline_goes_there(shared) -> None:
    toy = shared("toy_2x2")
    toy.settle()
    _, y = toy.find("●")
    toy.click(117, y)
    toy.wait_for("step 15  ")
    toy.click(60, y)
    toy.wait_for("step 8  ")


def test_the_timeline_is_dragged(shared) -> None:
    toy = shared("toy_2x2")
    _, y = toy.find("●")
    toy.drag([(2, y), (30, y), (117, y)])
    toy.wait_for("step 15  ")
    toy.drag([(117, y), (0, y)])
    toy.wait_for("step 0  ")


def test_a_drag_goes_on_beside_the_rail_and_ends_with_the_button(shared) -> None:
    toy = shared("toy_2x2")
    _, y = toy.find("●")
    toy.mouse(0, 30, y)
    toy.wait_for("step 4  ")
    toy.mouse(32, 60, y - 5)
    toy.wait_for("step 8  ")
    toy.mouse(0, 117, y + 2, release=True)
    toy.wait_for("step 15  ")
    toy.move(30, y)
    toy.send("left")
    toy.wait_for("step 14  ")


def test_a_button_let_go_unheard_does_not_drag_on(shared) -> None:
    toy = shared("toy_2x2")
    _, y = toy.find("●")
    toy.move(60, y)
    toy.mouse(0, 60, y)
    toy.wait_for("step 8  ")
    toy.move(117, y)
    toy.send("right")
    toy.wait_for("step 9  ")


def test_a_quick_drag_ends_where_the_mouse_was_let_go(shared) -> None:
    net = shared("lenet5")
    _, y = net.find("●", after=(0, 30))
    net.drag([(x, y) for x in [*range(2, 118, 3), 117]])
    net.wait_for("436,066 of 436,066", "[0,9]")


def test_the_wheel_scrolls_the_note(shared) -> None:
    toy = shared("toy_2x2", width=80, height=24)
    toy.wait_for("The kernel lies on the top left corner")
    x, y = toy.find("The kernel lies")
    toy.wheel(x, y + 1)
    toy.wait_gone("The kernel lies on the top left corner")
    toy.wheel(x, y + 1, down=False)
    toy.wait_for("The kernel lies on the top left corner")


def test_a_click_opens_what_is_chosen_at_home(opened) -> None:
    home = opened()
    home.wait_for("sobel", "162")
    home.wheel(*home.find("○ sobel"))
    home.wait_gone("─ toy_2x2 ─")
    home.wheel(*home.find("○ sobel"), down=False)
    home.wait_for("─ toy_2x2 ─")
    home.click(*home.find("○ sobel"))
    home.wait_for("─ sobel ─")
    home.click(*home.find("○ sobel"))
    home.wait_for("sobel › ", "1 of 162")
