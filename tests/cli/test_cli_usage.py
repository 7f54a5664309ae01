"""Wrong words: exit 2, one clear sentence, a hint, and nothing that a terminal would obey."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from running import TOY, Run, spawn, write


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["relpay"], "is the command 'replay' meant?"),
        (["relpay", "sobel"], "is the command 'replay' meant?"),
        (["sobell"], "did you mean 'sobel'?"),
        (["replay", "sobel", "--jsn"], "unknown option: --jsn, did you mean --json?"),
        (["--versoin"], "unknown option: --versoin"),
        (["list", "extra"], "unexpected argument 'extra'"),
        (["values"], "SCENARIO requires an argument"),
        (["replay"], "which scenario?"),
        (["validate"], "which file?"),
        (["replay", ""], "name of the scenario is empty"),
        (["sobel", "--theme", "pink"], 'invalid value "pink" for --theme'),
        (["sobel", "--theme"], "--theme requires an argument"),
        (["--at", "mac 3"], "--at needs a scenario"),
        (["--set", "seed=3"], "--set needs a scenario"),
        (["-"], "cannot read a scenario from standard input"),
        (["sobel", "--at", "nowhere"], "no layer 'nowhere' here"),
        (["sobel", "--set", "seed"], "should be key=value"),
        (["replay", "sobel", "--set", "layers.x.padding=1"], "no layer 'x'"),
        (["replay", "sobel", "--set", "layers"], "should be key=value"),
        (["shapes", "sobel", "--json", "--csv"], "exclude each other"),
        (["shapes", "sobel", "--input", "3,x,3"], "should be C,H,W"),
        (["shapes", "sobel", "--input", "0,3,3"], "should be C,H,W"),
        (["shapes", "sobel", "--input", "3,3"], "should be C,H,W"),
        (["shapes", "sobel", "--input", "9" * 30], "should be C,H,W"),
        (["replay", "no/such/file.toml"], "no scenario or file 'no/such/file.toml'"),
        (["replay", "/"], "is a folder"),
        (["list", "-"], "unexpected argument '-'"),
        (["values", "sobel", "-"], "no tensor '-'"),
        (["values", "sobel", "--npz", "-"], "--npz needs the name of a file"),
        (["shapes", "sobel", "--input", "-"], "--input -: should be C,H,W"),
        (["replay", "sobel", "--set", "-"], "--set -: should be key=value"),
        (["replay", "sobel", "--steps", "--from", "-"], "no layer '-' here"),
        (["gradcheck", "sobel", "--entries", "-"], "'-' is no whole number"),
        (["gradcheck", "sobel", "--entries", "2.5"], "--entries: '2.5' is no whole number"),
        (["train", "digits_cnn", "--epochs", "5.9"], "--epochs: '5.9' is no whole number"),
        (["train", "digits_cnn", "--threads", "2.0"], "--threads: '2.0' is no whole number"),
        (["bench", "--threads", "1e1"], "--threads: '1e1' is no whole number"),
        (["evaluate", "run", "--worst", "0.5"], "--worst: '0.5' is no whole number"),
        (["--at", "-"], "--at needs a scenario"),
        (["new", "-"], "'-' is no name for a file"),
        (["--theme", "light", "watch", "d"], "the command comes first: cnnsim watch"),
    ],
)
def test_wrong_words(run: Run, argv: list[str], said: str) -> None:
    result = run(*argv)
    assert result.code == 2
    assert not result.out.strip()
    assert result.err.startswith("error: ")
    assert said in result.err


HOSTILE = "\x1b]0;title\x07\x1b[31m\u202e\x9b1m\r\n"


@pytest.mark.parametrize(
    "argv",
    [
        [HOSTILE],
        [f"--{HOSTILE}"],
        ["replay", HOSTILE],
        ["list", HOSTILE],
        ["values", "sobel", HOSTILE],
        ["values", "sobel", "--npz", f"/none/{HOSTILE}"],
        ["shapes", "sobel", "--input", HOSTILE],
        ["replay", "sobel", "--set", HOSTILE],
        ["replay", "sobel", "--set", f"{HOSTILE}=1"],
        ["replay", "sobel", "--set", f"title='''{HOSTILE}'''"],
        ["replay", "sobel", "--steps", "--from", HOSTILE],
        ["validate", HOSTILE],
        ["new", HOSTILE],
        ["sobel", "--theme", HOSTILE],
    ],
)
def test_control_characters_never_reach_the_terminal(run: Run, argv: list[str]) -> None:
    result = run(*argv)
    assert result.code == 2
    for text in (result.out, result.err):
        bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")]
        assert not bad


@pytest.mark.parametrize(
    "words",
    [["replay"], ["replay", "--steps"], ["replay", "--steps", "--csv"], ["shapes"], ["validate"]],
)
def test_nor_do_those_of_a_file_and_its_name(run: Run, tmp_path: Path, words: list[str]) -> None:
    text = TOY.replace("after = 8", 'layer = "\\u001b[31m"')
    file = write(tmp_path / "a\x1b]0;b\x07.toml", text)
    command, *options = words
    result = run(command, file, *options)
    assert result.code == int(words == ["replay"])
    assert not [c for c in result.out + result.err if c != "\n" and ord(c) < 32]


def test_a_file_called_like_a_command(
    run: Run, toy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    toy.rename(tmp_path / "replay")
    monkeypatch.chdir(tmp_path)
    assert run("replay", "./replay").code == 0
    opened = run("./replay")
    assert "needs a terminal" in opened.err  # it was found


def test_names_that_are_no_text(tmp_path: Path) -> None:
    done = spawn("replay", b"\xff\xfe.toml".decode("utf-8", "surrogateescape"))
    assert done.returncode == 2
    assert "\\udcff\\udcfe.toml" in done.stderr


def test_a_mistake_of_ours_is_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, toy: Path
) -> None:
    def broken(*words: object, **more: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("cnnsim.scenario.reader.read_scenario", broken)
    monkeypatch.delenv("CNNSIM_TRACEBACK")
    result = run("replay", toy)
    assert result.code == 1
    assert result.err.startswith(
        "error: something is wrong in cnnsim itself: KeyError: 'oh'\nhint:"
    )


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [
        (MemoryError(), "not enough memory", 1),
        (KeyboardInterrupt(), "", 130),
        (OSError(28, "No space left on device"), "No space left on device", 1),
    ],
)
def test_what_can_go_wrong_anywhere(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str, code: int
) -> None:
    def raises(*words: object, **more: object) -> None:
        raise error

    monkeypatch.setattr("cnnsim.scenario.reader.read_scenario", raises)
    result = run("replay", "sobel")
    assert result.code == code
    assert said in result.err
    assert "Traceback" not in result.err
