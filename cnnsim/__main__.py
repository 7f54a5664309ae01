"""``python -m cnnsim`` is the command too."""

import sys

from cnnsim.cli import main

sys.exit(main())
