"""`maquette data WORD ...`: what can be done with data sets; each word is a file `data_<word>`."""

import difflib
from collections.abc import Sequence
from importlib import import_module

from .refusals import Refusal

WORDS = {
    "list": "known data sets: licence, size, where to get them, how they lie on disk",
    "make": "pictures, cameras and voxels of a folder of meshes, in the layout of ShapeNet R2N2",
    "pack": "a folder of meshes as one compressed file that training reads",
    "check": "what is in a folder of data, what is missing, what is broken",
    "prepare": "the meshes of a known data set as one compressed file that training reads",
}


def run(words: Sequence[str]) -> None:
    """Hand the words after the first one to the file of that one."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        raise SystemExit(0 if words else 2)
    word, *rest = words
    if word not in WORDS:
        close = difflib.get_close_matches(word, WORDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(WORDS)}"
        raise Refusal(f"there is no command 'data {word}'; {hint}")
    import_module(f".data_{word}", __package__).run(rest)


def _overview() -> str:
    width = max(map(len, WORDS)) + 2
    lines = [f"  {word:<{width}}{what}" for word, what in WORDS.items()]
    return "\n".join(
        [
            "usage: maquette data WORD ...",
            "",
            *lines,
            "",
            "`maquette data WORD --help` explains each.",
        ]
    )
