"""``python -m cnnsim`` is the command too."""

import sys

from cnnsim.cli import command

sys.exit(command())
