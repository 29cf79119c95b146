"""A small and fast parser of Wavefront OBJ text.

The whole file is cut into words once; lines are sorted by their first word with array operations, and only
the words that are numbers are converted, so the cost is a few hundred nanoseconds a line.

Letters in shapes: V vertices, T texture coordinates, N normals, F triangles, C face corners.
"""

from dataclasses import dataclass, field

import numpy as np

from .errors import ParseError, say_left_out
from .mtl_parse import is_number, material_name
from .plain_text import decoded, plain_text
from .polygons import cut_polygons

_BLANK = np.zeros(256, bool)
_BLANK[[9, 10, 11, 12, 13, 32]] = True
_CONTROL = np.zeros(256, bool)
_CONTROL[[*range(9), *range(14, 32), 127]] = True


@dataclass(frozen=True, eq=False)
class ObjData:
    """What an OBJ file says, with 0-based indices; -1 where a face names no texture coordinate or normal.

    Attributes:
        verts: (V, 3); colors: (V, 3) from lines "v x y z r g b", or None; uvs: (T, 2); normals: (N, 3).
        faces, faces_uvs, faces_normals: (F, 3) int64 triangles.
        has_uvs, has_normals: (F,) bool, whether the face names them.
        materials: (F,) int64 index into `material_names`, -1 before the first "usemtl".
        lines: (F,) line number in the file, from 1.
        material_names: names in the order of their first "usemtl".
        libraries: what stands in each "mtllib" line: a name, or several.
    """

    verts: np.ndarray
    colors: np.ndarray | None
    uvs: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    faces_uvs: np.ndarray
    faces_normals: np.ndarray
    has_uvs: np.ndarray
    has_normals: np.ndarray
    materials: np.ndarray
    lines: np.ndarray
    material_names: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)


class _Text:
    """The words of the file and where each line begins among them."""

    def __init__(self, data: bytes) -> None:
        data = plain_text(data)
        self.is_cut = not data.endswith((b"\n", b"\r"))
        data = data.replace(b"\\\r\n", b"   ").replace(b"\\\n", b"  ")
        if b"\r" in data:
            data = data.replace(b"\r\n", b" \n").replace(b"\r", b"\n")
        self.data = data + b"\n\n\n"
        chars = np.frombuffer(self.data, np.uint8)
        blank = _BLANK[chars]
        begins = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))
        self.words = np.array([*self.data.split(), None], object)[:-1]
        line_of_word = np.cumsum(chars == 10, dtype=np.int32)[begins]
        self.first = np.flatnonzero(np.diff(line_of_word, prepend=-1))
        self.number = line_of_word[self.first] + 1
        self.count = np.diff(self.first, append=len(begins))
        self._drop_remarks(chars[begins] == ord("#"))
        self.at = begins[self.first]
        self._sort_lines(chars, blank, self.at)

    def _drop_remarks(self, hashes: np.ndarray) -> None:
        where = np.flatnonzero(hashes)
        line = np.searchsorted(self.first, where, side="right") - 1
        np.minimum.at(self.count, line, where - self.first[line])

    def _sort_lines(self, chars: np.ndarray, blank: np.ndarray, at: np.ndarray) -> None:
        c0, c1 = chars[at] | 32, chars[at + 1] | 32  # lower case
        short, pair = blank[at + 1], blank[at + 2]
        self.v = np.flatnonzero((c0 == ord("v")) & short)
        self.vt = np.flatnonzero((c0 == ord("v")) & (c1 == ord("t")) & pair)
        self.vn = np.flatnonzero((c0 == ord("v")) & (c1 == ord("n")) & pair)
        self.f = np.flatnonzero((c0 == ord("f")) & short)
        self.other = np.flatnonzero((c0 == ord("m")) | (c0 == ord("u")))

    def line(self, index: int | np.integer) -> str:
        """The text of a line as it stands in the file."""
        at = int(self.at[index])
        return decoded(self.data[at : self.data.index(b"\n", at)].strip())

    def fail(self, reason: str, index: int | np.integer) -> ParseError:
        return ParseError(reason, f"line {self.number[index]}")


def parse_obj(data: bytes, strict: bool = False) -> ObjData:
    """Read OBJ text.

    Polygons are cut as `cut_polygons` says. Negative indices count back from the last vertex (texture
    coordinate, normal) that stands *before* the face, as the format says; PyTorch3D counts from the end of
    the file, which is the same unless vertices follow faces.

    Args:
        data: the file's content.
        strict: read as `load_mesh` does: control characters and the index 0 are refused; texture coordinates may
            have one number, faces of fewer than three corners are left out beside others, normals are not read.

    Raises:
        ParseError: a line that cannot be understood (a `ValueError` that knows its line).
    """
    text = _Text(data)
    if strict:
        _refuse_control_characters(text)
    verts = _numbers(text, text.v, 3, "Vertex")
    triangles = _faces(text, verts, strict)
    names, libraries, material_of_line = _material_lines(text)
    lines = triangles.pop("line_index")
    return ObjData(
        verts=verts,
        colors=_vertex_colors(text),
        uvs=_texture_places(text) if strict else _numbers(text, text.vt, 2, "Texture"),
        normals=np.zeros((0, 3)) if strict else _numbers(text, text.vn, 3, "Normal"),
        materials=_last_before(lines, *material_of_line),
        lines=text.number[lines],
        material_names=names,
        libraries=libraries,
        **triangles,
    )


def _refuse_control_characters(text: _Text) -> None:
    bad = np.flatnonzero(_CONTROL[np.frombuffer(text.data, np.uint8)])
    if len(bad):
        raise ParseError("binary data in a text file", f"line {text.data[: bad[0]].count(10) + 1}")


def _numbers(text: _Text, lines: np.ndarray, width: int, noun: str, skip: int = 1) -> np.ndarray:
    short = np.flatnonzero(text.count[lines] < width + skip)
    if len(short):
        line = lines[short[0]]
        values = [
            w.decode("utf-8", "replace") for w in text.words[text.first[line] + 1 :][: text.count[line] - 1]
        ]
        raise text.fail(f"{noun} {values} does not have {width} values. Line: {text.line(line)}", line)
    words = text.words[(text.first[lines] + skip)[:, None] + np.arange(width)]
    try:
        return np.fromiter(map(float, words.ravel()), np.float64, words.size).reshape(-1, width)
    except ValueError:
        bad = next(i for i, row in enumerate(words) if not all(map(is_number, row)))
        raise text.fail(f"not a number. Line: {text.line(lines[bad])}", lines[bad]) from None


def _texture_places(text: _Text) -> np.ndarray:
    """(T, 2), where v is 0 in lines that give u alone."""
    both = text.count[text.vt] > 2
    if both.all():
        return _numbers(text, text.vt, 2, "Texture")
    places = np.zeros((len(text.vt), 2))
    places[:, :1] = _numbers(text, text.vt, 1, "Texture")
    places[both] = _numbers(text, text.vt[both], 2, "Texture")
    return places


def _vertex_colors(text: _Text) -> np.ndarray | None:
    colored = text.count[text.v] >= 7
    if not colored.all():
        if colored.any():
            say_left_out("colours of vertices, which not all of them have")
        return None
    return _numbers(text, text.v, 3, "Color", skip=4) if len(text.v) else None


def _material_lines(text: _Text) -> tuple[list[str], list[str], tuple[np.ndarray, np.ndarray]]:
    names: dict[str, int] = {}
    libraries: list[str] = []
    at, which = [], []
    for line in text.other:
        word = text.words[text.first[line]].lower()
        if word not in (b"mtllib", b"usemtl"):
            continue
        if text.count[line] < 2:
            if word == b"mtllib":
                raise text.fail("material file name is not specified", line)
            continue
        if word == b"mtllib":
            libraries.append(text.line(line)[len("mtllib") :].strip())
        else:
            start = text.first[line] + 1
            name = material_name([decoded(word) for word in text.words[start : start + text.count[line] - 1]])
            at.append(line)
            which.append(names.setdefault(name, len(names)))
    return list(names), libraries, (np.array(at, np.int64), np.array(which, np.int64))


def _last_before(lines: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    position = np.searchsorted(at, lines) - 1
    return np.concatenate([values, [-1]])[position]


def _faces(text: _Text, verts: np.ndarray, strict: bool) -> dict[str, np.ndarray]:
    lines = text.f[text.count[text.f] > 1]
    if strict:
        lines = _of_three_corners(text)
    sizes = text.count[lines] - 1
    starts = np.cumsum(sizes) - sizes
    words = text.words[np.repeat(text.first[lines] + 1 - starts, sizes) + np.arange(sizes.sum())]
    line_of_corner = np.repeat(lines, sizes)
    raw, given = _corners(text, words, line_of_corner)
    _check_consistent(text, given, lines, starts, sizes)
    if strict and ((raw == 0) & given).any():
        bad = np.flatnonzero(((raw == 0) & given).any(axis=1))[0]
        raise text.fail("index 0 in a face (indices start at 1)", line_of_corner[bad])
    index = _zero_based(text, raw, given, line_of_corner)
    corners, face = cut_polygons(sizes, verts, index[:, 0])
    has_uvs, has_normals = given[corners[:, 0], 1], given[corners[:, 0], 2]
    return {
        "faces": index[corners, 0],
        "faces_uvs": index[corners, 1],
        "faces_normals": index[corners, 2],
        "has_uvs": has_uvs,
        "has_normals": has_normals,
        "line_index": lines[face],
    }


def _of_three_corners(text: _Text) -> np.ndarray:
    """Face lines with at least three corners. Others are left out; not if all are such, or the file ends in one."""
    short = text.count[text.f] < 4
    if short.any():
        reason = "a face with fewer than 3 corners"
        if short.all() or (text.is_cut and text.f[-1] == len(text.first) - 1 and short[-1]):
            raise text.fail(reason, text.f[short][-1])
        say_left_out(
            f"{reason} is left out, {short.sum()} in all", f"line {text.number[text.f[short.argmax()]]}"
        )
    return text.f[~short]


def _corners(text: _Text, words: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners "v", "v/t", "v//n", "v/t/n" to (C, 3) numbers as written and which of them are given."""
    raw, given = np.zeros((len(words), 3), np.int64), np.zeros((len(words), 3), bool)
    if not len(words):
        return raw, given
    chars = np.frombuffer(b" ".join(words) + b" ", np.uint8)
    ends = np.flatnonzero(chars == 32)
    begins = np.concatenate([[0], ends[:-1] + 1])
    slash = chars == ord("/")
    slashes = np.add.reduceat(slash, begins, dtype=np.int64)
    doubled = np.add.reduceat(slash & np.roll(slash, -1), begins, dtype=np.int64) > 0
    trailing = slash[ends - 1]
    if (slashes > 2).any():
        bad = np.flatnonzero(slashes > 2)[0]
        reason = f"Face vertices can only have 3 properties. Face vert {words[bad].decode(errors='replace')}"
        raise text.fail(f"{reason}, Line: {text.line(lines[bad])}", lines[bad])
    given[:, 0] = True
    given[:, 1] = ((slashes == 1) & ~trailing) | ((slashes == 2) & ~doubled)
    given[:, 2] = (slashes == 2) & ~trailing
    for columns in ([0], [0, 1], [0, 2], [0, 1, 2]):
        chosen = np.flatnonzero((given == np.isin(np.arange(3), columns)).all(axis=1))
        if len(chosen):
            raw[chosen[:, None], columns] = _integers(text, words, lines, chosen, len(columns))
    return raw, given


def _integers(
    text: _Text, words: np.ndarray, lines: np.ndarray, chosen: np.ndarray, width: int
) -> np.ndarray:
    parts = b" ".join(words[chosen]).replace(b"/", b" ").split()
    try:
        return np.fromiter(map(int, parts), np.int64, len(parts)).reshape(len(chosen), width)
    except (ValueError, OverflowError):
        for i in chosen:
            numbers = [part for part in words[i].split(b"/") if part]
            if len(numbers) != width or not all(_is_index(part) for part in numbers):
                reason = f"invalid literal in a face: {words[i].decode(errors='replace')!r}"
                raise text.fail(f"{reason}. Line: {text.line(lines[i])}", lines[i]) from None
        raise


def _is_index(part: bytes) -> bool:
    try:
        return abs(int(part)) < 2**62
    except ValueError:
        return False


def _check_consistent(
    text: _Text, given: np.ndarray, lines: np.ndarray, starts: np.ndarray, sizes: np.ndarray
) -> None:
    if not len(lines):
        return
    per_face = np.add.reduceat(given, starts, axis=0, dtype=np.int64)
    bad = np.flatnonzero(((per_face > 0) & (per_face < sizes[:, None])).any(axis=1))
    if len(bad):
        line = lines[bad[0]]
        reason = "a face is an illegal statement. Vertex properties are inconsistent."
        raise text.fail(f"{reason} Line: {text.line(line)}", line)


def _zero_based(text: _Text, raw: np.ndarray, given: np.ndarray, lines: np.ndarray) -> np.ndarray:
    index = np.where(raw > 0, raw - 1, raw)
    if (raw < 0).any():
        before = np.stack([np.searchsorted(kind, lines) for kind in (text.v, text.vt, text.vn)], axis=1)
        index = np.where(raw < 0, raw + before, index)
    return np.where(given, index, -1)
