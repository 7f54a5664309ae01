"""Networks with millions of steps: the screen is there at once, whatever is still computed."""

from __future__ import annotations

import string

import pytest


@pytest.mark.parametrize(
    ("at", "header"),
    [
        ("mac 500000000", ["conv2", "[0,225,14,7]", "tap[32,0,0]"]),
        ("mac 999999999", ["conv5", "[0,124,10,3]", "tap[295,0,0]"]),
        ("fc2", ["fc2", "[0,0]"]),
        ("last", ["fc2", "[0,199]", "tap[4095]"]),
    ],
)
def test_any_step_of_alexnet_has_its_address_on_the_screen_at_once(opened, at, header) -> None:
    net = opened("alexnet", "--at", at)
    net.wait_for("alexnet › ", *header)


def test_alexnet_takes_every_key_while_it_is_computing(opened) -> None:
    net = opened("alexnet", "--at", "mac 500000000")
    net.wait_for("alexnet › ")
    keys = [*"lhLHkjn NvcCxymuU[]y", "right", "left", "f3", "tab", "m", "end", "home", "shift+tab",
            "ctrl+n", "ctrl+b", "e", "escape", "ctrl+r", "u", "space", "space"]  # fmt: skip
    for key in keys:
        net.send(key)
        net.settle(0.02)
        assert net.is_alive, net.last_words
    net.send("escape")
    net.settle(0.5)
    assert net.is_alive, net.last_words


def test_looking_for_something_while_computing_is_answered(opened) -> None:
    net = opened("alexnet", "--at", "conv4")
    net.wait_for("alexnet › ")
    for word in ("> 1000", "sign change", "padding", "nan"):
        net.send("/")
        net.wait_for("sign change   padding")
        net.type(word)
        net.send("enter")
        net.wait_gone("sign change   padding")
        net.settle(0.1)
        net.wait_gone("looking for")
        assert net.is_alive, net.last_words
    net.send("q")
    assert net.wait_exit(120) == 0


def test_an_edit_of_a_network_changes_what_follows(opened) -> None:
    net = opened("lenet5", "--at", "conv1.forward[0,0,14,14] tap[0,2,2]")
    net.wait_for("lenet5 › ", "tap[0,2,2]", "❚❚")
    net.settle()
    before = net.text()
    net.send("e")
    net.wait_for("change a number")
    net.type("30")
    net.send("enter")
    net.wait_for("1 edited", "30")
    net.send("u")
    net.wait_until(lambda: net.text() == before, "the numbers of before")


def test_lenet5_is_played_at_full_speed_without_falling_behind(opened) -> None:
    net = opened("lenet5")
    net.wait_for("lenet5 › ")
    net.send(*"]" * 12, "space")
    net.wait_for("▶ 4096/s")
    net.wait_until(lambda: "mac 0 " not in net.text(), "steps")
    net.send("space")
    net.wait_for("❚❚ 4096/s")


@pytest.mark.parametrize("name", ["lenet5", ""])
def test_every_printable_key_is_survived_on_every_screen(opened, name) -> None:
    app = opened(*[name] if name else [])
    app.wait_for("cnnsim › ", "quit")
    for key in string.printable:
        if key not in "q\x0b\x0c":
            app.send(key)
            app.settle(0.01)
    for _ in range(6):
        app.send("escape")
        app.settle(0.1)
    assert app.is_alive, app.last_words
    app.send("ctrl+c")
    # It may ask about the recording that one of the keys began; the same key leaves that too.
    asks = "save the recording"
    app.wait_until(lambda: asks in app.text() or not app.is_alive, "the end, or a question")
    if app.is_alive:
        app.send("ctrl+c")
    assert app.wait_exit() == 0
    assert app.last_words.strip() == ""
