"""The command line: ``main`` runs it. Whatever is heavy is imported inside the commands."""

from cnnsim.cli.main import main

__all__ = ["main"]
