"""A command of its own."""

import sys


def show(words):
    sys.stdout.write(f"remembers {' '.join(words)}\n")
