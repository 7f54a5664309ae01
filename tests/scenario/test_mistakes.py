"""Hand-written mistakes: every one is found, with its line, its field and what would be right."""

from __future__ import annotations

import pytest
from checks import GOOD, problems_of


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
        ("[[layers]]\ntype = 3", 9, "layers[1].type", ["should be a name, not 3", "conv2d"]),
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
        ('[loss]\ntype = "softmx"', 9, "loss.type", ["no loss 'softmx'"]),
        ("[loss]\ntype = []", 9, "loss.type", ["should be a name, not a list"]),
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
            '[[tour]]\nat = "first"\nexpect = { tolerance = inf }',
            10,
            "tour[0].expect.tolerance",
            ["finite number"],
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


#: Mistakes of as many tables as there are; each says the field it is told of.
APART = {
    "layers[1]": '[[layers]]\ntype = "dense"\nname = "fc"\nunits = 2',
    "minutes": "minutes = -1",
    "title": "",
    "edits": '[edits]\n"conv1.z[0]" = 1\n"conv1.w[0,0,0,0]" = 2',
    "edits.conv1.b[0]": '[edits]\n"conv1.b[0]" = "x"',
    "tour[1].at": '[[tour]]\nat = "first"\n[[tour]]\nat = "conv1.y[0,0,5,0]"',
    "tour[0].sya": '[[tour]]\nat = "first"\nsya = "x"',
    "data.shift": '[data]\nsource = "digits"\nshift = -1',
    "loss.type": '[loss]\ntype = "msee"',
    "layers[1].units": '[[layers]]\ntype = "dense"\nname = "fc"\nunits = 0',
    "input.ramp": "",
}


def found(*fields: str) -> set[str]:
    """The fields of the mistakes of a file with the mistakes of all `fields`."""
    good = GOOD if "title" not in fields else GOOD.partition("\n")[2]
    if "input.ramp" in fields:
        good = good.replace("values", "ramp")
    keys = [APART[field] for field in fields if not APART[field].startswith("[")]
    tables = [APART[field] for field in fields if APART[field].startswith("[")]
    return {field for _, field, _ in problems_of("\n".join([*keys, good, *tables]))}


@pytest.mark.parametrize(
    "fields",
    [
        ("title", "layers[1]"),
        ("title", "edits", "tour[1].at"),
        ("minutes", "edits.conv1.b[0]", "tour[1].at"),
        ("edits", "tour[1].at"),
        ("edits", "tour[0].sya"),
        ("layers[1]", "tour[0].sya"),
        ("layers[1]", "edits.conv1.b[0]", "minutes", "data.shift", "loss.type"),
        ("data.shift", "edits", "tour[1].at"),
        ("loss.type", "layers[1]"),
        ("input.ramp", "layers[1].units", "tour[0].sya"),
    ],
    ids="+".join,
)  # fmt: skip
def test_mistakes_do_not_hide_each_other(fields: tuple[str, ...]) -> None:
    assert found(*fields) == set(fields)


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        (("layers[1]", "edits"), "layers[1]"),
        (("layers[1]", "tour[1].at"), "layers[1]"),
        (("loss.type", "tour[1].at"), "loss.type"),
        (("input.ramp", "layers[1]", "edits"), "input.ramp"),
    ],
    ids=str,
)
def test_what_hangs_on_a_mistake_waits_until_that_is_mended(
    fields: tuple[str, ...], first: str
) -> None:
    """Addresses of a network that cannot be joined, and of a way back that is not known."""
    assert found(*fields) == {first}


def test_the_layers_above_a_mistaken_one_are_joined() -> None:
    wrong = '[[layers]]\ntype = "relu"\nname = "r"\nzzz = 1\n'
    fields = [field for _, field, _ in problems_of(GOOD + APART["layers[1]"] + "\n" + wrong)]
    assert fields == ["layers[1]", "layers[2].zzz"]


def test_a_stop_with_a_mistake_leaves_the_others_their_numbers() -> None:
    stops = '[[tour]]\nsay = "x"\n[[tour]]\nat = "firs"\n[[tour]]\nat = "last"\nsay = 1\n'
    fields = [field for _, field, _ in problems_of(GOOD + stops)]
    assert fields == ["tour[0].at", "tour[1].at", "tour[2].say"]
