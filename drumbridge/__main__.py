"""`python -m drumbridge`: the same as the command `drumbridge`."""

import sys

from drumbridge.cli import main

sys.exit(main())
