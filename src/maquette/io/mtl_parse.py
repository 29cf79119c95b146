"""Reading the materials of Wavefront OBJ files: colours, and the names of texture pictures."""

import re
from dataclasses import dataclass, field

import numpy as np

from .plain_text import decoded, plain_text

_PROPERTY_OF = {
    "ka": "ambient_color",
    "kd": "diffuse_color",
    "ks": "specular_color",
    "ns": "shininess",
}
# Options of a map line and how many values follow each (at most; numbers are counted while reading).
_MAP_OPTIONS = {
    "-blendu": 1, "-blendv": 1, "-bm": 1, "-boost": 1, "-cc": 1, "-clamp": 1, "-imfchan": 1, "-mm": 2,
    "-o": 3, "-s": 3, "-t": 3, "-texres": 1, "-type": 1,
}  # fmt: skip


@dataclass
class MtlData:
    """Materials by name.

    Attributes:
        properties: "ambient_color", "diffuse_color", "specular_color" (3,) and "shininess" (1,), float32, as
            far as the file gives them.
        files: name of the diffuse map of those that have one, as written.
    """

    properties: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def parse_mtl(data: bytes) -> MtlData:
    """Read the content of an MTL file.

    Raises:
        ValueError: a colour that is not made of numbers.
    """
    found = MtlData()
    name = ""
    for line in plain_text(data).splitlines():
        keyword, rest = [*decoded(line).split(maxsplit=1), "", ""][:2]
        keyword = keyword.lower()
        if keyword == "newmtl":
            name = material_name(rest.split())
            found.properties[name] = {}
        elif keyword == "map_kd":
            found.files[name] = _without_options(rest.strip())
        elif keyword in _PROPERTY_OF:
            values = np.array([float(x) for x in rest.split()[:3]], np.float32)
            found.properties.setdefault(name, {})[_PROPERTY_OF[keyword]] = values
    return found


def material_name(words: list[str]) -> str:
    """The name in the words after "newmtl" or "usemtl": all of them, up to a remark."""
    ends = [i for i, word in enumerate(words) if word.startswith("#")]
    return " ".join(words[: ends[0]] if ends and ends[0] else words)


def library_names(text: str) -> list[str]:
    """The several names that a line "mtllib a.mtl b.mtl" may hold; a name may hold spaces."""
    return re.findall(r"\S.*?\.mtl(?=\s|$)", text, re.IGNORECASE) or text.split()


def _without_options(text: str) -> str:
    """Drop leading options such as "-s 1 1 1" from a map line; the file name may hold spaces."""
    words = text.split(" ")
    while words and words[0] in _MAP_OPTIONS:
        values = _MAP_OPTIONS[words.pop(0)]
        numeric = values == 3
        while values and len(words) > 1 and not (numeric and not is_number(words[0])):
            words.pop(0)
            values -= 1
    return " ".join(words)


def is_number(word: str | bytes) -> bool:
    """Whether a word of a Wavefront file reads as a number."""
    try:
        float(word)
    except ValueError:
        return False
    return True
