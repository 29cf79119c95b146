"""How well `segment.find_faces` finds faces, and how often it sees one where there is none.

    python -m maquette.bench.studies.face_finder_measured --lfw TAR --portraits DIR --objects DIR... --cars TAR \\
        --shapes DIR --cats DIR --json FILE

What is not given is left out. For each of some scores, among pictures of each kind, the share in which something is
found that sure, and in which the surest find is right: its box has an IoU of at least a half with the true one.

- pasted: people of the test split, drawn into larger pictures of other things;
- lfw: 300 pictures of Labeled Faces in the Wild, funnelled, of 96 pixels, whose alignment has the face in one place;
- portraits: a folder of pictures that a face fills; right is what covers four tenths of one;
- objects, cars, shapes, cats: pictures without a human face, cats by the kinds in their names;
- white noise, smooth noise: one cell a pixel, and 2 to 16 cells a side, interpolated.

Of all pictures without a face `portrait` counts those that `reconstruct` would take for portraits.
"""

import io
import tarfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou

from ...io.images import load_image
from ...segment import FoundFace, find_faces
from ...segment.faces import SURE
from ...structures.views import Views
from ...systems.unsup3d.crop import is_portrait
from .arguments import run_study, study_parser, write_json
from .face_scenes import DRAWN, draw_people, draw_things
from .masks import pictures

SCORES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
LFW_BOX = (19.0, 18.0, 77.0, 90.0)  # hairline to chin in the mean of its pictures
LFW_EYES = ((34.5, 42.5), (61.0, 42.5))
_LEAST, _ALIKE, _COVERED = 0.1, 0.5, 0.4
_PASTED, _LFW, _CARS = 80, 300, 100
_NOISE, _NOISE_SIDE = 50, 160
_SUFFIXES = (".png", ".jpg", ".jpeg")

Truth = tuple[tuple[float, ...], Tensor | None]  # box, and eyes where they are known
Sample = tuple[str, Tensor, Truth | None]


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the measurement; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--lfw", type=Path, help="a .tar of its pictures")
    parser.add_argument("--portraits", type=Path, help="a folder of pictures <number>_<kind>.png")
    parser.add_argument("--objects", type=Path, nargs="*", default=[], help="folders of pictures of objects")
    parser.add_argument("--cars", type=Path, help="a .tar of pictures of cars")
    parser.add_argument("--shapes", type=Path, help="a folder of meshes, whose test split is drawn")
    parser.add_argument("--cats", type=Path, help="a folder of pictures <number>_<kind>.png")
    options = parser.parse_args(words)
    rows = []
    for kind, name, image, truth in _samples(options):
        rows.append({"kind": kind, "id": name, **_row(image, truth)})
    kinds = dict.fromkeys(row["kind"] for row in rows)
    numbers = {kind: _summary([row for row in rows if row["kind"] == kind]) for kind in kinds}
    for kind, summary in numbers.items():
        print(kind, summary)
    write_json(options.json, {"summary": numbers, "pictures": rows})
    return numbers


def _samples(options: Namespace) -> Iterator[tuple[str, str, Tensor, Truth | None]]:
    yield from (("pasted", *sample) for sample in _pasted())
    if options.lfw:
        truth = LFW_BOX, torch.tensor(LFW_EYES)
        yield from (("lfw", name, image, truth) for name, image in of_tar(options.lfw, _LFW))
    for file in sorted(options.portraits.glob("*.png")) if options.portraits else ():
        image = load_image(file, 3)
        kind = file.stem.split("_")[-1]
        yield f"portraits: {kind}", file.name, image, ((0.0, 0.0, *map(float, image.shape[:0:-1])), None)
    files = [
        file for folder in options.objects for file in sorted(folder.rglob("*")) if file.suffix in _SUFFIXES
    ]
    yield from (("objects", file.name, load_image(file, 3), None) for file in files)
    if options.cars:
        yield from (("cars", name, image, None) for name, image in of_tar(options.cars, _CARS))
    for file in sorted(options.cats.glob("*.png")) if options.cats else ():
        yield f"cats: {file.stem.split('_')[-1]}", file.name, load_image(file, 3), None
    yield from (("white noise", f"noise {i}", _noise(i, _NOISE_SIDE), None) for i in range(_NOISE))
    yield from (("smooth noise", f"noise {i}", _noise(i, 2 + i % 15), None) for i in range(_NOISE))
    if options.shapes:
        drawn = Namespace(
            shapes=options.shapes, photos=None, split="test", every=3, without=["shapeassembly"]
        )
        yield from (("shapes", name, image, None) for name, image, _ in pictures(drawn))


def _noise(seed: int, cells: int) -> Tensor:
    """Coloured noise, grey for every second seed, of so many cells a side."""
    rng = np.random.default_rng(seed)
    cell = rng.random((cells, cells, 3)).astype(np.float32)
    cell = cell if seed % 2 else np.broadcast_to(cell[..., :1], cell.shape)
    return _tensor(cv2.resize(cell.copy(), (_NOISE_SIDE, _NOISE_SIDE), interpolation=cv2.INTER_LINEAR))


def _pasted() -> Iterator[Sample]:
    rng = np.random.default_rng(5)
    cast, things = draw_people(_PASTED, rng, "test"), draw_things(rng)
    for i in range(_PASTED):
        picture = cv2.resize(things[rng.integers(len(things))], (320, 240)).astype(np.float32)
        side = int(rng.integers(64, 225))
        head = cv2.resize(cast.images[i], (side, side), interpolation=cv2.INTER_AREA)
        left, top = int(rng.integers(0, 321 - side)), int(rng.integers(0, 241 - side))
        part = picture[top : top + side, left : left + side]
        part += (head[..., :3] - part) * head[..., 3:]
        places = torch.from_numpy(cast.places[i] * side / DRAWN) + torch.tensor([left, top])
        yield f"person {i}", _tensor(picture), (tuple(places[:2].flatten().tolist()), places[2:].float())


def of_tar(path: Path, count: int) -> Iterator[tuple[str, Tensor]]:
    """Names and pictures of some files of an archive, drawn at random, always the same."""
    with tarfile.open(path) as tar:
        names = sorted(member.name for member in tar if member.isfile())
        for i in np.random.default_rng(0).permutation(len(names))[:count]:
            file = tar.extractfile(names[i])
            assert file is not None
            image = Image.open(io.BytesIO(file.read())).convert("RGB")
            yield names[i], _tensor(np.asarray(image, np.float32) / 255)


def _tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)


def _row(image: Tensor, truth: Truth | None) -> dict[str, Any]:
    faces = find_faces(image, _LEAST)
    row: dict[str, Any] = {"score": round(faces[0].score, 3) if faces else 0.0}
    if truth is None:
        return row | {"portrait": row["score"] >= SURE and is_portrait(Views([image]))}
    box, eyes = truth
    whole = eyes is None
    overlaps = [_iou(face, box) for face in faces] or [0.0]
    row |= {"iou": round(overlaps[0], 3), "right": overlaps[0] >= (_COVERED if whole else _ALIKE)}
    beside = [face.score for face, iou in zip(faces, overlaps, strict=False) if iou < 0.2]
    row["beside"] = round(max(beside, default=0.0), 3)
    if eyes is not None and row["right"]:
        off = (torch.tensor(faces[0].eyes) - eyes).norm(dim=1).mean() / (eyes[1] - eyes[0]).norm()
        row["eyes"] = round(float(off), 3)
    return row


def _iou(face: FoundFace, box: Sequence[float]) -> float:
    return float(box_iou(torch.tensor([face.box]), torch.tensor([box], dtype=torch.float32)))


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    counts = {str(score): {"found": sum(row["score"] >= score for row in rows)} for score in SCORES}
    summary: dict[str, Any] = {"pictures": len(rows), "by score": counts}
    if "portrait" in rows[0]:
        return summary | {"portrait": sum(row["portrait"] for row in rows)}
    for score in SCORES:
        counts[str(score)]["right"] = sum(row["right"] and row["score"] >= score for row in rows)
        counts[str(score)]["others beside"] = sum(row["beside"] >= score for row in rows)
    eyes = [row["eyes"] for row in rows if "eyes" in row]
    if eyes:
        summary["eyes, median error in their distance"] = round(float(np.median(eyes)), 3)
        summary["eyes within a tenth"] = sum(e <= 0.1 for e in eyes)
        summary["mean iou of right ones"] = round(float(np.mean([r["iou"] for r in rows if r["right"]])), 3)
    return summary


if __name__ == "__main__":
    run_study(main)
