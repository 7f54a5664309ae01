"""What cyclopts says about wrong words, in the words of this program."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from cyclopts import CycloptsError, UnusedCliTokensError

from cnnsim.errors import UsageError, printable


def in_our_words(error: CycloptsError, argv: Sequence[str]) -> UsageError:
    """The error to print instead of `error`."""
    from cnnsim.cli.app import COMMANDS, DASH

    error.verbose = False
    chain = " ".join(error.command_chain or ())
    hint = f"cnnsim {chain} --help".replace("  ", " ") + " says what there is"
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        message = f"unexpected argument '{printable(error.unused_tokens[0].replace(DASH, '-'))}'"
    else:
        message = str(error).strip().removesuffix(".")
        message, question, suggestion = message.partition(" Did you mean ")
        if question:
            message = message.removesuffix(".") + ", did you mean " + suggestion
        # Names stay as they are typed; the first word of a sentence is no name.
        if not message.startswith(("-", "SCENARIO")):
            message = message[:1].lower() + message[1:]
    if argv and (near := near_command(argv[0])):
        hint = f"is the command '{near}' meant?"
    if not chain and (late := next((word for word in argv[1:] if word in COMMANDS), "")):
        hint = f"the command comes first: cnnsim {late} …"
    return UsageError(message.replace(DASH, "-"), hint)


def near_command(word: str) -> str:
    """The command that `word`, which is none, was probably meant to be; or nothing."""
    from cnnsim.cli.app import COMMANDS

    if word in COMMANDS:
        return ""
    return next(iter(get_close_matches(word.lower(), COMMANDS, n=1, cutoff=0.7)), "")
