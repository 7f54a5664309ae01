"""What the header says where there is no room for everything."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from cnnsim.tui.drawing.palette import DARK
from cnnsim.tui.widgets.bars import Header

ADDRESS = (("0:conv1", "bar_dim"), ("[0,0,0,0]", "bar_bold"), ("tap[0,0,0]", "bar_bold"))
CRUMBS = (("digits_cnn", "bar_dim"), *ADDRESS)
STATE = (("mac ", "bar_dim"), ("12", "bar_bold"), (" of 38,282", "bar_dim"),
         ("  no padding", "bar_dim"), ("  ❚❚ 2/s", "bar_dim"))  # fmt: skip
ACTIVITY = ("● digits_cnn 4/60 96.4%  t", "● digits_cnn 4/60  t", "● 4/60  t")


class Top(App[None]):
    """Nothing but a header."""

    palette, ascii = DARK, False

    def __init__(self, activity: tuple[str, ...]) -> None:
        super().__init__()
        self.activity = activity

    def compose(self) -> ComposeResult:
        yield Header()


async def line(width: int, activity: tuple[str, ...], *states, spare=((-1,), (-1, 0))) -> str:
    async with Top(activity).run_test(size=(width, 10)) as pilot:
        header = pilot.app.query_one(Header)
        header.show(CRUMBS, *states, spare=spare)
        return header.render_lines(Region(0, 0, width, 1))[0].text


@pytest.mark.parametrize(
    ("width", "wanted"),
    [
        (200, (CRUMBS, ACTIVITY[0], "mac 12 of 38,282  no padding  ❚❚ 2/s")),
        (120, (CRUMBS, ACTIVITY[1], "mac 12 of 38,282  no padding  ❚❚ 2/s")),
        (80, (ADDRESS, ACTIVITY[2], "mac 12 of 38,282  no padding")),
        (60, (ADDRESS, ACTIVITY[2], "mac 12")),
        (50, (ADDRESS, ACTIVITY[2], "")),
        (38, (ADDRESS, "", "")),
    ],
)
async def test_what_is_trained_is_told_beside_the_address(width: int, wanted) -> None:
    path, activity, state = wanted
    shown = (await line(width, ACTIVITY, STATE)).strip()
    assert shown.removeprefix("cnnsim › ").startswith(" › ".join(text for text, _ in path))
    assert shown.endswith("   ".join(filter(None, (activity, state))))
    assert ("4/60" in shown) == bool(activity)


async def test_the_state_loses_its_end_and_no_number_its_name() -> None:
    for width in range(39, 120):
        shown = (await line(width, (), STATE)).rstrip()
        assert "0:conv1 › [0,0,0,0] › tap[0,0,0]" in shown
        assert not shown.endswith("mac")


async def test_a_shorter_form_of_the_state_comes_before_its_end_is_lost() -> None:
    short = (("12 of 38 k", "bar_dim"),)
    assert (await line(80, ACTIVITY, STATE, short)).endswith(f"{ACTIVITY[2]}   12 of 38 k ")
