"""Hand-written mistakes: every one is found, with its line, its field and what would be right."""

from __future__ import annotations

import pytest
from strategies import attempt

from cnnsim.errors import FileError
from cnnsim.scenario.reader import parse_scenario

#: Line 1 title, 2-3 input, 4-7 conv1; what follows begins on line 8.
GOOD = """\
title = "t"
[input]
values = [[1, 6, 2], [5, 3, 1], [7, 0, 4]]
[[layers]]
type = "conv2d"
name = "conv1"
kernel = [[1, 2], [-1, 0]]
"""


def problems_of(text: str) -> list[tuple[int, str, str]]:
    """(line, field, what) of every problem; empty for a good file."""
    error = attempt(lambda: parse_scenario("file", text))
    if not isinstance(error, FileError):
        return []
    assert [problem.line for problem in error.problems] == sorted(p.line for p in error.problems)
    return [(problem.line, problem.field, problem.what) for problem in error.problems]


def test_the_good_file_is_good() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("added", "line", "field", "told"),
    [
        # keys
        ("paddin = 1", 8, "layers[0].paddin", ["unknown key", "did you mean 'padding'"]),
        ("zzzzzz = 1", 8, "layers[0].zzzzzz", ["unknown key", "kernel", "from"]),
        ('"a b" = 1', 8, "layers[0].a b", ["unknown key"]),
        ("padding.top = 1", 8, "layers[0].padding", ["number", "valid"]),
        # values of the wrong type
        ('stride = "2"', 8, "layers[0].stride", ["whole number", "[height, width]"]),
        ("stride = 1.5", 8, "layers[0].stride", ["whole number"]),
        ("stride = true", 8, "layers[0].stride", ["whole number"]),
        ("stride = [1, 2, 3]", 8, "layers[0].stride", ["[height, width]"]),
        ("stride = 0", 8, "layers[0].stride", ["1 or more, not 0"]),
        ("stride = [1, -1]", 8, "layers[0].stride", ["1 or more, not -1"]),
        ("stride = 100_000_000", 8, "layers[0].stride", ["16,777,216 or less"]),
        ("stride = 2024-02-30", 8, "", ["not valid TOML"]),
        ("stride = 2024-02-29", 8, "layers[0].stride", ["whole number"]),
        ("padding = -1", 8, "layers[0].padding", ["0 or more, not -1"]),
        ("padding = [1, 2, 3]", 8, "layers[0].padding", ["[top, left, bottom, right]"]),
        ('padding = "samee"', 8, "layers[0].padding", ["valid, same, full"]),
        ("padding = 2024-02-29", 8, "layers[0].padding", ["number"]),
        ("groups = 2.0", 8, "layers[0].groups", ["a whole number, not 2.0"]),
        ("groups = {}", 8, "layers[0].groups", ["a whole number, not a table"]),
        ("groups = 0", 8, "layers[0].groups", ["1 or more, not 0"]),
        ('mode = "convolutio"', 8, "layers[0].mode", ["did you mean 'convolution'"]),
        ("mode = 3", 8, "layers[0].mode", ["cross_correlation", "not 3"]),
        ('bias = "yes"', 8, "layers[0].bias", ["none, tied, untied"]),
        ("bias = [[1]]", 8, "layers[0].bias", ["[maps][height][width]"]),
        ("bias = [1, 2]", 4, "layers[0]", ["conv1 its bias has 2 numbers", "1x2x2"]),
        ("filters = 2", 4, "layers[0]", ["kernel gives the values"]),
        ('from = "conv1"', 8, "layers[0].from", ["does not come before"]),
        ('from = "cnov1"', 8, "layers[0].from", ["no layer 'cnov1'"]),
        ('from = "inptu"', 8, "layers[0].from", ["did you mean 'input'"]),
        ('from = ["input", "input"]', 8, "layers[0].from", ["conv2d reads 1 layer, not 2"]),
        ("from = []", 8, "layers[0].from", ["name of a layer above"]),
        ("from = [1]", 8, "layers[0].from", ["name of a layer above"]),
        ("from = 1", 8, "layers[0].from", ["name of a layer above"]),
        ('from = "\\u001b[31mred"', 8, "layers[0].from", ["no layer '\\u001b[31mred'"]),
        ("stride = 0xffffffffffffffffff", 8, "layers[0].stride", ["64 bits"]),
        # layers
        ("[[layers]]", 8, "layers[1].type", ["is missing", "conv2d", "dense"]),
        ('[[layers]]\ntype = "relu"', 8, "layers[1].name", ["is missing"]),
        ('[[layers]]\ntype = "rleu"', 9, "layers[1].type", ["'rleu'", "did you mean 'relu'"]),
        ("[[layers]]\ntype = 3", 9, "layers[1].type", ["no kind of layer 3"]),
        ('[[layers]]\ntype = "\\u202e"', 9, "layers[1].type", ["'\\u202e'"]),
        (
            '[[layers]]\nname = "conv1"\ntype = "relu"',
            9,
            "layers[1].name",
            ["'conv1' is taken by an earlier layer"],
        ),
        ('[[layers]]\ntype = "relu"\nname = "input"', 10, "layers[1].name", ["network's input"]),
        ('[[layers]]\ntype = "relu"\nname = "1a"', 10, "layers[1].name", ["begin with a letter"]),
        ('[[layers]]\ntype = "relu"\nname = "a.b"', 10, "layers[1].name", ["only letters"]),
        ('[[layers]]\ntype = "relu"\nname = "é"', 10, "layers[1].name", ["letters"]),
        (f'[[layers]]\ntype = "relu"\nname = "{"a" * 41}"', 10, "layers[1].name", ["at most 40"]),
        ('[[layers]]\ntype = "relu"\nname = ""', 10, "layers[1].name", ["letter"]),
        ('[[layers]]\ntype = "add"\nname = "a"', 8, "layers[1].from", ["2 to 4 layers, not 1"]),
        (
            '[[layers]]\ntype = "relu"\nname = "a"\nfrom = "b"\n'
            '[[layers]]\ntype = "relu"\nname = "b"',
            11,
            "layers[1].from",
            ["'b' does not come before 'a'"],
        ),
        (
            '[[layers]]\ntype = "relu"\nname = "a"\nfrom = "a"',
            11,
            "layers[1].from",
            ["'a' does not come before 'a'"],
        ),
        (
            '[[layers]]\ntype = "dense"\nname = "fc"\nunits = 2',
            8,
            "layers[1]",
            ["fc dense expects a flat input", "1x2x2", "put a flatten layer before it"],
        ),
        (
            '[[layers]]\ntype = "max_pool2d"\nname = "p"\nsize = 3\n[[layers]]\n'
            'type = "relu"\nname = "r"',
            8,
            "layers[1]",
            ["p its kernel of 3x3 does not fit into an input of 2x2", "sides 4 and up fit"],
        ),
        ('[[layers]]\ntype = "dense"\nname = "d"', 8, "layers[1]", ["needs units, or weights"]),
        (
            '[[layers]]\ntype = "dropout"\nname = "d"\nrate = 1.0',
            11,
            "layers[1].rate",
            ["less than 1"],
        ),
        ('[[layers]]\ntype = "dropout"\nname = "d"\nrate = nan', 11, "layers[1].rate", ["nan"]),
        ('[[layers]]\ntype = "dropout"\nname = "d"\nrate = -0.5', 11, "layers[1].rate", ["-0.5"]),
        (
            '[[layers]]\ntype = "batch_norm2d"\nname = "b"\nepsilon = inf',
            11,
            "layers[1].epsilon",
            ["finite"],
        ),
        (
            '[[layers]]\ntype = "reshape"\nname = "r"\nshape = [2, 2]',
            11,
            "layers[1].shape",
            ["[features] or [channels, height, width]"],
        ),
        # tables
        ("[trainnig]", 8, "trainnig", ["unknown key", "did you mean 'training'"]),
        ("[lyers]", 8, "lyers", ["did you mean 'layers'"]),
        ("[lost]", 8, "lost", ["did you mean 'loss'"]),
        (
            "[output_grad]\nones = true\n[training]",
            10,
            "training.optimizer",
            ["is missing", "adam", "sgd"],
        ),
        ('[training]\noptimizer = "sgd"', 8, "training", ["needs a [loss] or an [output_grad]"]),
        ('[loss]\ntype = "softmax"', 9, "loss.type", ["softmax_cross_entropy"]),
        ('[loss]\ntype = "mean_squared_error"', 8, "loss.target", ["is missing"]),
        ("[output_grad]", 8, "output_grad", ["needs values, or ones = true"]),
        ("[output_grad]\nvalues = [1]", 9, "output_grad.values", ["1x1x2x2"]),
        ("output_grad = 3", 8, "layers[0].output_grad", ["unknown key"]),
        (
            '[output_grad]\nones = true\n[loss]\ntype = "mean_squared_error"\ntarget = [[1]]',
            8,
            "output_grad",
            ["leave one of the two out"],
        ),
        ("[inputs]", 8, "inputs", ["did you mean 'input'"]),
        ("[tour]", 8, "tour", ["a list, not a table"]),
        ("[[tour]]", 8, "tour[0].at", ["is missing"]),
        ('[[tour]]\nat = "first"\nsays = ""', 10, "tour[0].says", ["did you mean 'say'"]),
        ('[[tour]]\nat = "first"\nsay = "\\u001b[2J"', 10, "tour[0].say", ["U+001B"]),
        ('[[tour]]\nat = "first"\nsay = "a\\u202eb"', 10, "tour[0].say", ["U+202E"]),
        ('[[tour]]\nat = "first"\nsay = "a\\u0000b"', 10, "tour[0].say", ["U+0000"]),
        ('[[tour]]\nat = "conv2"', 9, "tour[0].at", ["no layer 'conv2'", "did you mean 'conv1'"]),
        ('[[tour]]\nat = "conv1[0,0,2,0]"', 9, "tour[0].at", ["y = 2", "0 to 1"]),
        ('[[tour]]\nat = "step 16"', 9, "tour[0].at", ["0 to 15"]),
        (f'[[tour]]\nat = "{"9" * 5000}:conv1"', 9, "tour[0].at", ["no address"]),
        (
            '[[tour]]\nat = "first"\nexpect = { aftr = 1 }',
            10,
            "tour[0].expect.aftr",
            ["no such field", "did you mean 'after'"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect.after = "8"',
            10,
            "tour[0].expect.after",
            ["should be a number", "not '8'"],
        ),
        (
            '[[tour]]\nat = "first"\n[tour.expect]\nmac = 1.5',
            11,
            "tour[0].expect.mac",
            ["whole number"],
        ),
        ('[[tour]]\nat = "first"\nexpect = 3', 10, "tour[0].expect", ["a table, not 3"]),
        (
            '[[tour]]\nat = "first"\nexpect = { outside = 0 }',
            10,
            "tour[0].expect.outside",
            ["true or false"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { cell = [0, "a"] }',
            10,
            "tour[0].expect.cell",
            ["list of whole numbers"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { tolerance = -1 }',
            10,
            "tour[0].expect.tolerance",
            ["0 or more"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { tensors."conv1.z" = 1 }',
            10,
            "tour[0].expect.tensors",
            ["no tensor 'conv1.z'", "did you mean"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { tensors."conv1.y" = [[1, 2]] }',
            10,
            "tour[0].expect.tensors",
            ["1x1x2x2", "1x2 was given"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { tensors."conv1.y" = [[1, 2], [3]] }',
            10,
            "tour[0].expect.tensors",
            ["[1] has 1 entries where the first has 2"],
        ),
        (
            '[[tour]]\nat = "first"\nexpect = { tensors = 3 }',
            10,
            "tour[0].expect.tensors",
            ["should be written"],
        ),
    ],
)
def test_one_mistake(added: str, line: int, field: str, told: list[str]) -> None:
    (problem,) = problems_of(GOOD + added + "\n")
    assert problem[:2] == (line, field)
    for part in told:
        assert part in problem[2]


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
        ('image = "there is none.png"', ["there is no picture"]),
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
        ("seed = " + "9" * 5000, 0, "", "not valid TOML"),
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
        ("a = " + "[" * 5000, 0, "nested too deep"),
        ("a = " + "{b=" * 3000 + "1" + "}" * 3000, 0, "nested too deep"),
        ('title = "t"\nlayers = 3\n[input]\nones = [1]', 2, "[[layers]] tables, not 3"),
        ('title = "t"\nlayers = []\n[input]\nones = [1]', 2, "[[layers]] tables, not a list"),
        ('title = "t"\nlayers = [[1]]\n[input]\nones = [1]', 2, "should be a table, not a list"),
        ('title = "t"\nlayers = ["a", 2]\n[input]\nones = [1]', 2, "should be a table, not 'a'"),
        ('title = "t"\n[layers]\ntype = "relu"\n[input]\nones = [1]', 2, "[[layers]] tables"),
        ('title = "t"\n[input]\nones = [1]', 0, "at least one [[layers]]"),
        ('title = "t"\n[[input]]\nones = [1]\n[[layers]]\ntype = "relu"\nname = "r"', 2, "table"),
        ('title = "t"\ninput = 3\n[[layers]]\ntype = "relu"\nname = "r"', 2, "a table, not 3"),
        ("a." * 3000 + "b = 1", 1, ""),
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
