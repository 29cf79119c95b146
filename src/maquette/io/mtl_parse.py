"""Reading the materials of Wavefront OBJ files: colours, and the names of texture pictures."""

from dataclasses import dataclass, field

import numpy as np

_PROPERTY_OF = {
    "Ka": "ambient_color",
    "Kd": "diffuse_color",
    "Ks": "specular_color",
    "Ns": "shininess",
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
    for line in data.decode("utf-8", "replace").splitlines():
        keyword, rest = [*line.split(maxsplit=1), "", ""][:2]
        if keyword == "newmtl":
            name = rest.split()[0] if rest.strip() else ""
            found.properties[name] = {}
        elif keyword == "map_Kd":
            found.files[name] = _without_options(rest.strip())
        elif keyword in _PROPERTY_OF:
            values = np.array([float(x) for x in rest.split()[:3]], np.float32)
            found.properties.setdefault(name, {})[_PROPERTY_OF[keyword]] = values
    return found


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
