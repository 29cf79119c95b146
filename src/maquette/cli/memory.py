"""`maquette memory WORD ...`: what a network remembers."""

from collections.abc import Sequence

from .words import hand_on

WORDS = {
    "show": "the shapes that a picture brings back",
    "list": "what is remembered",
    "add": "shapes of your own into the memory, without training",
    "drop": "shapes out of the memory",
}


def run(words: Sequence[str]) -> None:
    """Hand the words after the first one to the file of that one."""
    hand_on("memory", WORDS, words)
