"""`maquette data WORD ...`: what can be done with data sets; each word is a file `data_<word>`."""

from collections.abc import Sequence

from .words import hand_on

WORDS = {
    "list": "known data sets: licence, size, where to get them, how they lie on disk",
    "make": "pictures, cameras and voxels of a folder of meshes, in the layout of ShapeNet R2N2",
    "pack": "a folder of meshes as one compressed file that training reads",
    "check": "what is in a folder of data, what is missing, what is broken",
    "prepare": "the meshes of a known data set as one compressed file that training reads",
}


def run(words: Sequence[str]) -> None:
    """Hand the words after the first one to the file of that one."""
    hand_on("data", WORDS, words)
