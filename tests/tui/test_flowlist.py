"""The list of what a value is made of, or of where it goes."""

from __future__ import annotations

import pytest
from alone import Alone
from textual.geometry import Region

from cnnsim.tui.widgets.flowlist import FlowList, FlowRow

ADDRESS = "0:res1.forward[0,0,0,12] tap[0,1,1]"


async def painted(rows: list[FlowRow], width: int) -> list[str]:
    panel = FlowList(id="flows")
    async with Alone(panel).run_test(size=(width, 12)) as pilot:
        panel.show(rows, "")
        await pilot.pause()
        return [strip.text for strip in panel.render_lines(Region(0, 0, width, len(rows)))]


@pytest.mark.parametrize(
    ("shares", "texts"),
    [
        ((0.67, 0.33), ["67%", "33%"]),
        ((0.67, 0.28, 0.0556), ["67.0%", "28.0%", "5.6%"]),
        ((0.9944, 0.0056), ["99.44%", "0.56%"]),
        ((1.0, 0.0), ["100%", "0%"]),
    ],
)
async def test_all_shares_have_as_many_decimals(
    shares: tuple[float, ...], texts: list[str]
) -> None:
    rows = [FlowRow(1.0, "1·1", "tap[0]", share, False) for share in shares]
    lines = await painted(rows, 80)
    assert [line.split()[number == 0] for number, line in enumerate(lines)] == texts
    assert len({line.index("%") for line in lines}) == 1


async def test_rows_out_of_sight_are_counted() -> None:
    panel = FlowList(id="flows")
    async with Alone(panel).run_test(size=(60, 5)):
        panel.show([FlowRow(1.0, "1·1", ADDRESS, None, False)] * 12, "")
        for chosen, top, bottom in ((0, "", "↓7"), (6, "↑2", "↓5"), (11, "↑7", "")):
            panel.choose(chosen)
            lines = [strip.text for strip in panel.render_lines(Region(0, 0, 60, 5))]
            assert [line.rpartition("]")[2].strip() for line in lines] == [top, "", "", "", bottom]


@pytest.mark.parametrize("share", [None, 0.5])
async def test_the_marks_stand_clear_of_the_text(share: float | None) -> None:
    [line] = await painted([FlowRow(-1.5, "1·1", ADDRESS, share, True)], 80)
    assert line.startswith("▸● ")


@pytest.mark.parametrize(
    ("width", "bar", "address"), [(80, True, True), (66, False, True), (44, False, False)]
)
async def test_bars_go_before_an_address_is_cut_and_a_cut_one_says_so(
    width: int, bar: bool, address: bool
) -> None:
    [line] = await painted([FlowRow(0.25, "0.5·0.5", ADDRESS, 0.5, False)], width)
    assert ("━" in line) == bar
    assert (ADDRESS in line) == address
    assert line.rstrip().endswith("…") == (not address)
