from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from networks import alexnet, network

from cnnsim.tui.drawing.canvas import Canvas
from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.walk.blocks import block_at, draw_blocks, lay_blocks
from cnnsim.tui.walk.layout import block_rows, lay_walk
from cnnsim.tui.walk.table import (
    Line,
    cell,
    columns_for,
    compact,
    lines_of,
    shortened,
    table_text,
    total_of,
    visible,
)
from cnnsim.tui.walk.whatif import WhatIf

#: Name, output, parameters, multiply-adds, share, receptive field.
ALEXNET = [
    ("conv1", "96×55×55", "34,944", "105,415,200", "9.5 %", "11×11"),
    ("pool1", "96×27×27", "", "", "", "19×19"),
    ("conv2", "256×27×27", "614,656", "447,897,600", "40.2 %", "51×51"),
    ("pool2", "256×13×13", "", "", "", "67×67"),
    ("conv3", "384×13×13", "885,120", "149,520,384", "13.4 %", "99×99"),
    ("conv4", "384×13×13", "1,327,488", "224,280,576", "20.1 %", "131×131"),
    ("conv5", "256×13×13", "884,992", "149,520,384", "13.4 %", "163×163"),
    ("pool5", "256×6×6", "", "", "", "195×195"),
    ("fc1", "4096", "37,752,832", "37,748,736", "3.4 %", "all"),
    ("fc2", "200", "819,400", "819,200", "0.1 %", "all"),
]
KEYS = ("layer", "output", "params", "macs", "share", "field")


def lines(**changes: Any) -> tuple[Line, ...]:
    what = WhatIf(alexnet())
    for key, value in changes.items():
        what.set(("input", key), value)
    return lines_of(what)


@pytest.mark.parametrize("row", ALEXNET, ids=lambda row: row[0])
def test_alexnet_row_by_row(row: tuple[str, ...]) -> None:
    (line,) = (line for line in lines() if line.name == row[0])
    assert tuple(cell(line, key, False) for key in KEYS) == row


def test_totals_are_exact() -> None:
    total = total_of(lines())
    assert cell(total, "params", False) == "42,319,432"
    assert cell(total, "macs", False) == "1,115,202,080"
    assert cell(total, "share", False) == "100 %"
    assert cell(total, "params", True) == "42.3 M"


def test_behind_an_error_nothing_is_counted() -> None:
    broken = {line.name: line for line in lines(side=224)}
    assert broken["fc1"].state == "error"
    assert cell(broken["fc1"], "layer", False) == "fc1 ✗"
    assert broken["fc2"].state == "behind"
    assert broken["flat"].output == "6400"
    assert broken["pool5"].moved
    assert cell(broken["input"], "layer", False) == "input ✎"
    assert total_of(tuple(broken.values())).macs == 962_858_112


def test_folding_leaves_out_what_works_in_place() -> None:
    every = lines()
    listed = [line.name for line in visible(every, True, "conv2")]
    assert listed == ["input", "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5",
                      "pool5", "flat", "fc1", "fc2"]  # fmt: skip
    assert "relu2" in [line.name for line in visible(every, True, "relu2")]
    assert len(visible(every, False, "conv2")) == len(every)
    # An error does not bring them back.
    broken = lines(side=224)
    assert len(visible(broken, True, "conv2")) == len(listed)


@pytest.mark.parametrize("width", range(18, 160))
def test_columns_fit_at_any_width(width: int) -> None:
    every = lines()
    columns, short = columns_for(every, total_of(every), width)
    last = columns[-1]
    assert last.x + last.width <= width
    assert all(one.x + one.width < two.x for one, two in pairwise(columns))
    keys = [column.key for column in columns]
    assert keys[0] == "layer"
    if width >= 70:
        assert not short
        assert {"kernel", "params", "macs", "share", "macs_bar"} <= set(keys)
    if width >= 110:
        assert {"field", "memory"} <= set(keys)


def test_long_names_give_way_to_bars() -> None:
    name = "a_rather_long_name_of_a_layer_number_07"
    net = network({"type": "conv2d", "name": name, "filters": 4, "size": 3}, shape=(1, 9, 9))
    every = lines_of(WhatIf(net))
    columns, _ = columns_for(every, total_of(every), 62)
    widths = {column.key: column.width for column in columns}
    assert widths["layer"] < len(name)
    assert widths["macs_bar"] >= 4
    assert shortened(name, 14) == "a_rathe…ber_07"
    assert [shortened("relu12", width) for width in (6, 5, 3)] == ["relu12", "re…12", "r…2"]


def test_short_counts_have_six_characters() -> None:
    numbers = [0, 7, 9_999, 34_944, 614_656, 999_499, 999_500, 42_319_432, 1_115_202_080, 10**13]
    texts = [compact(number) for number in numbers]
    assert texts == ["0", "7", "9,999", "34.9 k", "615 k", "999 k", "1.00 M", "42.3 M", "1.12 G",
                     "10.0 T"]  # fmt: skip


def test_layers_that_read_others_say_so() -> None:
    conv = {"type": "conv2d", "filters": 2, "size": [5, 1], "padding": [2, 0]}
    net = network(
        {**conv, "name": "left"},
        {**conv, "name": "right", "from": "input"},
        {"type": "add", "name": "sum", "from": ["left", "right"]},
        shape=(1, 8, 8),
    )
    kernels = {line.name: line.kernel for line in lines_of(WhatIf(net))}
    assert kernels["left"] == "5×1 p2,0"
    assert kernels["right"] == "5×1 p2,0 ← input"
    assert kernels["sum"] == "← left, right"


def test_the_copied_table() -> None:
    text = table_text("alexnet", WhatIf(alexnet()))
    rows = text.splitlines()
    assert rows[0].startswith("alexnet, input 3×227×227 (154,587 numbers), one sample")
    assert rows[2].split() == ["layer", "kernel", "output", "params", "MACs", "without", "bias",
                               "share", "sees", "MB"]  # fmt: skip
    (conv2,) = (row for row in rows if row.startswith("conv2"))
    assert conv2.split() == ["conv2", "5×5", "p2", "256×27×27", "614,656", "447,897,600", "40.2",
                             "%", "51×51", "0.746"]  # fmt: skip
    assert rows[-1].split() == ["total", "42,319,432", "1,115,202,080", "100", "%", "3.144"]
    assert len({row.index("MACs") for row in rows if "MACs" in row}) == 1


# -- blocks -----------------------------------------------------------------------------------


def test_blocks_grow_with_the_roots() -> None:
    shown = visible(lines(), True, "conv2")
    blocks, left_out = lay_blocks(shown, 70, 5, "conv2")
    size = {block.line.name: (block.width, block.eighths) for block in blocks}
    assert left_out == 0
    assert size["input"] == (1, 40)
    assert size["conv3"][0] == max(width for width, _ in size.values())
    # √55 / √227 of five rows.
    assert size["conv1"][1] == round(40 * (55 / 227) ** 0.5)
    assert size["flat"] == (1, 40)
    assert size["fc1"][1] == round(40 * (4096 / 9216) ** 0.5)
    assert all(block.label for block in blocks)


@pytest.mark.parametrize("width", [8, 20, 30, 45, 70, 110, 180])
@pytest.mark.parametrize("selected", ["input", "conv2", "fc2"])
def test_blocks_stay_in_their_room(width: int, selected: str) -> None:
    every = lines()
    blocks, _ = lay_blocks(every, width, 6, selected)
    assert blocks[-1].x + blocks[-1].width <= width
    assert selected in [block.line.name for block in blocks]
    canvas = Canvas(width + 4, 9, DARK.base)
    draw_blocks(canvas, 2, 1, 6, blocks, selected, DARK)
    text = canvas.lines()
    assert not text[0].strip()
    assert all(line[:2].strip() == "" for line in text)
    chosen = next(block for block in blocks if block.line.name == selected)
    assert block_at(blocks, chosen.x) == selected


# -- layout -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 79, 80, 99, 100, 120, 159, 160, 200, 300])
@pytest.mark.parametrize("height", [14, 22, 27, 28, 34, 40, 58, 90])
def test_panels_cover_their_room_without_overlap(width: int, height: int) -> None:
    layout = lay_walk(width, height)
    taken: set[tuple[int, int]] = set()
    for name, (x, y, wide, high) in layout.panels.items():
        assert wide >= 20
        assert high >= 6
        assert x >= 0
        assert x + wide <= width
        assert y + high <= height
        cells = {(column, row) for column in range(x, x + wide) for row in range(y, y + high)}
        if layout.stack(name)[0] != name:
            assert cells <= taken
        else:
            assert not cells & taken
        taken |= cells
    assert {"table", "picture", "why", "whatif"} <= set(layout.panels)
    assert ("maps" in layout.panels) == (width >= 160 and height >= 28)


def test_blocks_take_what_the_lines_leave() -> None:
    assert block_rows(22, 12) == (2, 6)
    assert block_rows(22, 19) == (0, 0)
    assert block_rows(20, 12) == (2, 4)
    assert block_rows(60, 3) == (2, 16)
