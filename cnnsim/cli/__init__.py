"""The command line: ``command`` is what the shell starts, ``main`` the same within a process.

Whatever is heavy is imported inside the commands.
"""

from cnnsim.cli.main import command, main

__all__ = ["command", "main"]
