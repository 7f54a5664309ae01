"""On which line of a TOML file a key stands, for error messages. The file has been parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cnnsim.errors import Problem

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\[\[?\s*(?P<name>[^\]]*?)\s*\]\]?")
_KEY = re.compile(
    r"""\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
#: A string, a comment or a bracket: what decides whether a line begins a new entry.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]',
    re.DOTALL,
)
#: The same without the brackets: text in which dots and digits mean nothing.
_QUOTED = re.compile(_TOKEN.pattern.rpartition("|")[0], re.DOTALL)
#: A key of more parts than this has no use here, and the TOML reader's time grows by their square.
MOST_PARTS = 64
_LONG_KEY = re.compile(rf"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++){{{MOST_PARTS}}}", re.ASCII)
#: More digits than any number of 64 bits, decimal ones: others have a letter in front.
_LONG_NUMBER = re.compile(r"(?<![\w.])[0-9_]{100}", re.ASCII)


def long_key(text: str) -> int:
    """The line (from 1) of a key with more than `MOST_PARTS` dotted parts; 0 without one."""
    return _line_of_match(_LONG_KEY, text)


def long_number(text: str) -> int:
    """The line (from 1) of a whole number with absurdly many digits; 0 without one."""
    return _line_of_match(_LONG_NUMBER, text)


def deep_nesting(text: str) -> int:
    """The line (from 1) where lists and tables lie deepest in each other."""
    depth = deepest = place = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > deepest:
            deepest, place = depth, token.start()
    return text.count("\n", 0, place) + 1


def _line_of_match(pattern: re.Pattern[str], text: str) -> int:
    # A quoted part counts like any other, and lines stay lines.
    bare = _QUOTED.sub(lambda quoted: "_" + "\n" * quoted[0].count("\n"), text)
    match = pattern.search(bare)
    return bare.count("\n", 0, match.start()) + 1 if match else 0


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line (from 1) of the entry at `path`, or of the nearest table around it; 0 if none is.

    `lines` are those of `key_lines`.
    """
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    # A table that is only there because of what is inside, such as [[input]] for input.
    return next((line for inside, line in lines.items() if path and inside[:1] == path[:1]), 0)


def located(
    problems: Sequence[Problem], text: str, typed: Sequence[tuple[Path, str]] = ()
) -> list[Problem]:
    """The problems with their lines, in the order of the file.

    Those of keys that were `typed`, as (path, words), have no line but these words.
    """
    lines = key_lines(text)
    found = []
    for problem in problems:
        path = problem.path
        words = [words for key, words in typed if path[: len(key)] == key]
        if words:
            # Of two settings of one key the later one holds.
            problem = replace(problem, line=0, typed=words[-1])
        elif not problem.line:
            problem = replace(problem, line=line_of(lines, path))
        found.append(problem)
    return sorted(found, key=lambda problem: problem.line)


def key_lines(text: str) -> dict[Path, int]:
    """The line of every table and of every key that begins a line."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _entries(text):
        stripped = line.strip()
        if stripped.startswith("["):
            match = _HEADER.match(stripped)
            if match is None:
                continue
            table = _resolve(match["name"], counts, stripped.startswith("[["))
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            path: Path = (*table, *_parts(match["key"]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def _entries(text: str) -> list[tuple[int, str]]:
    """(line number, line) of the lines that do not continue a string or an array."""
    starts = []
    depth = 0
    inside_until = 0
    offset = 0
    tokens = list(_TOKEN.finditer(text))
    at = 0
    for number, line in enumerate(text.split("\n"), 1):
        if depth == 0 and offset >= inside_until and line.strip():
            starts.append((number, line))
        end = offset + len(line)
        header = depth == 0 and line.lstrip().startswith("[")
        while at < len(tokens) and tokens[at].start() <= end:
            token = tokens[at]
            at += 1
            inside_until = max(inside_until, token.end())
            if header:
                continue
            if token[0] in "[{":
                depth += 1
            elif token[0] in "]}":
                depth = max(0, depth - 1)
        offset = end + 1
    return starts


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def _resolve(name: str, counts: dict[Path, int], is_array: bool) -> Path:
    """The path of a header: ``[[layers]]`` for the third time is ("layers", 2)."""
    path: Path = ()
    parts = _parts(name)
    for place, part in enumerate(parts):
        path = (*path, part)
        if place == len(parts) - 1 and is_array:
            counts[path] = counts.get(path, -1) + 1
            return (*path, counts[path])
        if path in counts:
            path = (*path, counts[path])
    return path
