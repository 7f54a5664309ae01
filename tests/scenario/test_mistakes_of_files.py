"""Mistakes in numbers, the input and the file as a whole, and where several are said to be."""

from __future__ import annotations

import pytest
from checks import GOOD, problems_of


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("[[1, 2], [3]]", "[1] has 1 entries where the first has 2"),
        ("[[1], [2, 3]]", "[1] has 2 entries where the first has 1"),
        ("[[1, 2], 3]", "[1] should be a list of 2, not a number"),
        ("[1, [2]]", "[1] should be a number, not a list"),
        ('[[1, "2"]]', "[0][1] should be a number, not text"),
        ("[[1, true]]", "[0][1] should be a number, not true or false"),
        ("[[1, 2024-02-29]]", "[0][1] should be a number, not a date or time"),
        ("[[1, {}]]", "[0][1] should be a number, not a table"),
        ("[]", "an empty list holds no numbers"),
        ("[[], []]", "an empty list holds no numbers"),
        ("[[[[[1]]]]]", "nested more than 4 deep"),
        ('"text"', "should be a number, not text"),
        ("{}", "should be a number, not a table"),
    ],
)
def test_values_that_are_no_block_of_numbers(values: str, told: str) -> None:
    text = GOOD.replace("values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]", f"values = {values}")
    ((line, field, what),) = problems_of(text)
    assert (line, field) == (3, "input.values")
    assert told in what
    kernel = GOOD.replace("kernel = [[1, 2], [-1, 0]]", f"kernel = {values}")
    ((line, field, what),) = problems_of(kernel)
    assert (line, field) == (7, "layers[0].kernel")
    assert told in what


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", ["exactly one", "none of them"]),
        ("ramp = [1, 3, 3]\nzeros = [1, 3, 3]", ["ramp and zeros"]),
        ("ramp = [3, 3]", ["[c, h, w]"]),
        ("ramp = [1, 0, 3]", ["from 1 to 16,777,216, not 0"]),
        ("ramp = [1, 1.0, 3]", ["[c, h, w]"]),
        ("ramp = 3", ["[c, h, w]"]),
        ("digit = 10", ["9 or less, not 10"]),
        ("digit = 3\nnumber = 183", ["183 pictures"]),
        ("digit = 3\nsize = 8", ["size goes with image"]),
        ("zeros = [1, 3, 3]\nnumber = 1", ["number goes with digit"]),
        ("zeros = [1, 3, 3]\ngrey = true", ["grey goes with image"]),
        ('image = "there is none.png"', ["none.png is not there"]),
        ('image = "a\\u0000b"', ["U+0000"]),
        ("values = 1", ["expects maps"]),
    ],
)
def test_inputs(source: str, told: list[str]) -> None:
    ((_, _, what),) = problems_of(
        GOOD.replace("values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]", source)
    )
    for part in told:
        assert part in what


@pytest.mark.parametrize(
    ("top", "line", "field", "told"),
    [
        ("titel = 1", 1, "titel", "did you mean 'title'"),
        ("seed = -1", 1, "seed", "0 or more"),
        ("seed = 1.0", 1, "seed", "a whole number, not 1.0"),
        ("seed = 1e400", 1, "seed", "a whole number, not inf"),
        (f"seed = {2**63}", 1, "seed", "more than 64 bits"),
        ("seed = 0x" + "f" * 6000, 1, "seed", "more than 64 bits"),
        ("order = -0x" + "f" * 6000, 1, "", "not valid TOML"),
        ("seed = " + "9" * 5000, 1, "", "a whole number of more than 64 bits"),
        ('mode = "train"', 1, "mode", "did you mean 'training'"),
        ('type = "lessn"', 1, "type", "did you mean 'lesson'"),
        ("minutes = 1001", 1, "minutes", "1,000 or less"),
        ("about = 1979-05-27T07:32:00Z", 1, "about", "text in quotes"),
        ("about = [1]", 1, "about", "text in quotes, not a list"),
        ('about = "bell \\u0007"', 1, "about", "U+0007"),
        ('goal = "\\u2066isolate"', 1, "goal", "U+2066"),
        ('needs = "\\r\\n"', 1, "needs", "U+000D"),
    ],
)
def test_top_level_keys(top: str, line: int, field: str, told: str) -> None:
    ((found_line, found_field, what),) = problems_of(f"{top}\n{GOOD}")
    assert (found_line, found_field) == (line, field)
    assert told in what


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 0, "title: is missing"),
        ("# nothing\n", 0, "input: is missing"),
        ("title", 1, "not valid TOML"),
        ("\n\ntitle = \n", 3, "not valid TOML"),
        ('title = "a\ninput = 3', 1, "not valid TOML"),
        ('title = "t"\ntitle = "u"', 2, "not valid TOML"),
        ('title = "t"\n[layers', 2, "not valid TOML"),
        ("\x1b[31m", 1, "not valid TOML"),
        ("<xml/>", 1, "not valid TOML"),
        ('{"json": 1}', 1, "not valid TOML"),
        ("\na = " + "[" * 5000, 2, "nested too deep"),
        ("a = " + "{b=" * 3000 + "1" + "}" * 3000, 1, "nested too deep"),
        ("a = " + "{b=" * 100 + "1" + "}" * 100, 1, "nested too deep"),
        ('title = "t"\nlayers = 3\n[input]\nones = [1]', 2, "[[layers]] tables, not 3"),
        ('title = "t"\nlayers = []\n[input]\nones = [1]', 2, "is empty; a scenario needs at"),
        ('title = "t"\nlayers = [[1]]\n[input]\nones = [1]', 2, "should be a table, not a list"),
        ('title = "t"\nlayers = ["a", 2]\n[input]\nones = [1]', 2, "should be a table, not 'a'"),
        ('title = "t"\n[layers]\ntype = "relu"\n[input]\nones = [1]', 2, "[[layers]] tables"),
        ('title = "t"\n[input]\nones = [1]', 0, "at least one [[layers]]"),
        ('title = "t"\n[[input]]\nones = [1]\n[[layers]]\ntype = "relu"\nname = "r"', 2, "table"),
        ('title = "t"\ninput = 3\n[[layers]]\ntype = "relu"\nname = "r"', 2, "a table, not 3"),
        ("a." * 30_000 + "b = 1", 1, "a key has more than 64 parts"),
        ('title = "t"\n[' + "a." * 30_000 + "b]", 2, "a key has more than 64 parts"),
        ("\nx = {" + '"a" . ' * 30_000 + "b = 1}", 2, "a key has more than 64 parts"),
    ],
)
def test_what_is_no_scenario(text: str, line: int, told: str) -> None:
    found = problems_of(text)
    assert any(at == line and told in f"{field}: {what}" for at, field, what in found), found


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = """\
seed = -1
title = "t"
[input]
ramp = [1]
number = 2
[[layers]]
type = "conv2d"
name = "conv1"
filters = 0
size = 3
stride = "x"
[[layers]]
type = "relu"
name = "-"
[[tour]]
say = "no address"
"""
    assert [(line, field) for line, field, _ in problems_of(text)] == [
        (1, "seed"),
        (3, "input"),
        (9, "layers[0].filters"),
        (11, "layers[0].stride"),
        (14, "layers[1].name"),
        (15, "tour[0].at"),
    ]


def test_lines_in_files_with_strings_and_lists_over_many_lines() -> None:
    text = '''\
title = """
[input]
stride = 3
"""
about = \'\'\'
# [[layers]] """ \'\'\'
[input] # values = 3
values = [ # ]
  [1, 6, 2],  # "
  [5, 3, 1],
  [7, 0, 4],
]
[[ layers ]]
"type" = "conv2d"
name = "conv1"
kernel = [
  [1, 2],
  [-1, 0],
]
"stride" = 0
'padding' = -1
[[tour]]
at = "first"
expect = { tensors."conv1.y" = [
  [8, 7],
] }
[[tour]]
at = """
nowhere"""
'''
    assert [(line, field) for line, field, _ in problems_of(text)] == [
        (20, "layers[0].stride"),
        (21, "layers[0].padding"),
    ]
    mended = text.replace('"stride" = 0', "").replace("'padding' = -1", "")
    assert [(line, field) for line, field, _ in problems_of(mended)] == [
        (24, "tour[0].expect.tensors"),
        (28, "tour[1].at"),
    ]


def test_inline_layers_are_located_by_their_list() -> None:
    text = """\
title = "t"
input.ones = [3]
layers = [
  { type = "relu", name = "a" },
  { type = "relu", name = "a" },
]
"""
    ((line, field, _),) = problems_of(text)
    assert (line, field) == (3, "layers[1].name")
