"""``cnnsim --install-completion``: completion for the shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from cyclopts import App, Parameter

from cnnsim.cli.streams import output
from cnnsim.errors import UsageError, printable


def install_completion(app: App) -> Callable[..., int]:
    """The command that installs completion of `app`."""

    def install(
        *,
        shell: Annotated[
            Literal["bash", "zsh", "fish"] | None, Parameter(help="Default: the one in use.")
        ] = None,
    ) -> int:
        """Install completion for your shell."""
        try:
            path = app.install_completion(shell=shell)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise UsageError(f"{where}{error.strerror or error}") from None
        except Exception as error:
            if type(error).__name__ != "ShellDetectionError":
                raise
            raise UsageError(
                "which shell this is could not be found out", "add --shell bash"
            ) from None
        print(f"{printable(str(path), 4096)}\nit works in new shells", file=output())
        return 0

    return install
