"""`python -m maquette`."""

import sys

from .cli.main import main

sys.exit(main())
