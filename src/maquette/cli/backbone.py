"""`maquette backbone WORD ...`: networks for features of pictures that others trained."""

from collections.abc import Sequence

from .words import hand_on

WORDS = {"import": "a file of first weights, of a network that others have trained"}


def run(words: Sequence[str]) -> None:
    """Hand the words after the first one to the file of that one."""
    hand_on("backbone", WORDS, words)
