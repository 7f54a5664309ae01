"""The settings file: what it may hold, and what is said where it holds something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnsim.errors import UsageError
from cnnsim.tui.actions import ACTIONS, bindings_of, every_key, footer_entries, shown_keys
from cnnsim.tui.app import CnnsimApp
from cnnsim.tui.config import Config, config_file, is_key, read_config
from cnnsim.tui.screens.draw import DrawScreen
from cnnsim.tui.screens.forward import ForwardScreen
from cnnsim.tui.screens.home import HomeScreen
from cnnsim.tui.screens.train import TrainScreen
from cnnsim.tui.screens.walk import WalkScreen


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("cnnsim.tui.config.config_file", lambda: tmp_path / "config.toml")
    return tmp_path / "config.toml"


def complaint(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        read_config()
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(str(path))
    return str(caught.value)


def test_without_a_file_there_are_defaults(path: Path) -> None:
    assert read_config() == Config("dark", "unicode", {})


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop"])
def test_what_is_no_file_is_refused_at_once(path: Path, kind: str) -> None:
    """Nobody ever writes to this pipe; whoever opens it waits."""
    make = {"pipe": os.mkfifo, "folder": os.mkdir, "loop": lambda link: link.symlink_to(link)}
    make[kind](path)
    with pytest.raises(UsageError) as caught:
        read_config()
    assert caught.value.message.startswith(f"{path} is a ")


def test_an_empty_file_is_as_good_as_none(path: Path) -> None:
    path.write_text("")
    assert read_config() == Config()


def test_theme_glyphs_and_keys_are_read(path: Path) -> None:
    path.write_text('theme = "light"\nglyphs = "ascii"\n[keys]\n"step.next" = "z, ctrl+t"\n')
    assert read_config() == Config("light", "ascii", {"step.next": "z, ctrl+t"})


def test_a_key_may_do_different_things_on_different_screens(path: Path) -> None:
    lines = ['"step.next" = "z"', '"sheet.clear" = "z"']
    path.write_text("[keys]\n" + "\n".join(lines))
    assert read_config().keys == {"step.next": "z", "sheet.clear": "z"}


def test_the_usual_keys_may_be_written_down(path: Path) -> None:
    keys = {action.id: action.keys for action in ACTIONS}
    path.write_text("[keys]\n" + "\n".join(f'"{name}" = "{of}"' for name, of in keys.items()))
    assert read_config().keys == keys


def test_two_actions_may_change_keys(path: Path) -> None:
    path.write_text('[keys]\n"step.next" = "space"\n"play" = "right,l"\n')
    assert read_config().keys["play"] == "right,l"


def test_the_file_is_called_config_toml() -> None:
    assert config_file().name == "config.toml"
    assert config_file().parent.name == "cnnsim"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("theme = ", "Invalid value"),
        (b"\xff", "utf-8"),
        ("colour = 3", "unknown key 'colour'"),
        ("themes = 3", "did you mean 'theme'?"),
        ('theme = "blue"', "theme should be one of dark, light, ansi"),
        ("theme = 3", "theme should be one of"),
        ("theme = []", "theme should be one of"),
        ("theme = {}", "theme should be one of"),
        ('glyphs = "emoji"', "glyphs should be one of unicode, ascii"),
        ("keys = 3", "[keys] should hold lines such as"),
        ("[keys]\nstep = 3", "[keys] should hold lines such as"),
        ('[keys]\nstep.next = "z"', "[keys] should hold lines such as"),
        ('[keys]\n"step.nxt" = "z"', "no action 'step.nxt', did you mean 'step.next'?"),
        ('[keys]\n"step.next" = "banana"', "step.next: no key 'banana'"),
        ('[keys]\n"step.next" = ""', "step.next: no key ''"),
        ('[keys]\n"step.next" = "z,"', "step.next: no key ''"),
        ('[keys]\n"step.next" = "strg+z"', "no key 'strg+z'"),
        (
            '[keys]\n"step.next" = "z, question_mark"\n"step.previous" = "?"',
            "step.next and step.previous have one key, ?",
        ),
        ('[keys]\n"step.next" = "space"', "step.next and play have one key, space"),
    ],
)
def test_every_mistake_is_named_with_its_file(path: Path, text: str | bytes, what: str) -> None:
    assert what in complaint(path, text)


def test_a_folder_in_its_place_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UsageError, match=r"config\.toml"):
        read_config()


@given(st.text(max_size=60))
def test_any_text_is_settings_or_a_complaint(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "replace"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnsim.tui.config.config_file", lambda: path)
        said = ""
        try:
            read_config()
        except UsageError as error:
            said = str(error)
        assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "name", ["z", "Z", "?", "question_mark", "ctrl+t", "shift+left", "f12", "space", "+", "π"]
)
def test_these_are_keys(name: str) -> None:
    assert is_key(name)


@pytest.mark.parametrize("name", ["", "banana", "strg+t", "ctrl+", "f99", "ctrl+banana", "zz"])
def test_these_are_no_keys(name: str) -> None:
    assert not is_key(name)


def test_every_key_of_the_table_is_a_key() -> None:
    for action in ACTIONS:
        assert all(is_key(key) for key in action.keys.split(",")), action.id


@pytest.mark.parametrize("screen", ["home", "forward", "walk", "draw"])
def test_no_two_actions_of_a_screen_share_a_key(screen: str) -> None:
    keys = [key for binding in bindings_of(screen) for key in binding.key.split(",")]
    assert sorted(set(keys)) == sorted(keys)


def test_action_ids_are_unique_and_every_action_has_a_sentence() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(set(ids)) == len(ids)
    assert all(action.tip.endswith(".") and action.tip[0].isupper() for action in ACTIONS)


def test_the_footer_shows_the_users_keys() -> None:
    entries = {verb: keys for keys, verb, _ in footer_entries("forward", {"step.next": "z"})}
    assert entries["step"] == "z"
    assert entries["help"] == "?"


def test_a_rebound_key_is_shown_by_its_sign() -> None:
    action = next(action for action in ACTIONS if action.id == "play")
    assert shown_keys(action, {"play": "slash,space"}) == "/"
    assert shown_keys(action, {}) == "space"


def test_every_action_has_its_method_on_every_screen_it_names() -> None:
    screens = {"home": HomeScreen, "forward": ForwardScreen, "walk": WalkScreen, "draw": DrawScreen,
               "train": TrainScreen}  # fmt: skip
    for action in ACTIONS:
        name = action.method.partition("(")[0]
        owners = [screens[screen] for screen in action.screens if screen in screens]
        assert owners, action.id
        if name.startswith("app."):
            owners, name = [CnnsimApp], name.removeprefix("app.")
        for owner in owners:
            assert callable(getattr(owner, f"action_{name}", None)), (action.id, owner.__name__)


def test_the_footer_leaves_out_what_a_screen_does_not_offer() -> None:
    entries = footer_entries("forward", {}, lambda action: action not in ("train", "backward"))
    verbs = {verb for _, verb, _ in entries}
    assert not verbs & {"train", "backward"}
    assert {"step", "walk", "draw", "help", "quit"} <= verbs


def test_the_keys_that_are_told_are_those_in_force() -> None:
    note = next(action for action in ACTIONS if action.id == "note.on")
    assert every_key(note, {}) == "PgDn"
    assert every_key(note, {"note.on": "Z,ctrl+t"}) == "Z ^t"
