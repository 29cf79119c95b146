"""`python -m maquette`."""

from .cli.main import entry

entry()
