"""How near the colours of a molded mesh come to pictures that it was not coloured by: vertices against a texture.

    python -m maquette.bench.studies.textures --dino DIR --threads 1 --json FILE

A blob painted in clouds of colours and the fox that ships are drawn without light by 16 cameras spread evenly over a
sphere, 512 pixels a side; each picture's brightness differs by up to 12 % either way. Six pictures from elsewhere, of
the true brightness, judge. With --dino the 16 photographs of Middlebury's dinoSparseRing are taken, of which three
judge. Each is molded as `maquette mold` does it, and coloured at its vertices (`--texture 0`) and by a texture; of
drawn ones the true surface is coloured, too, which tells what the molded one costs. PSNR in dB where mesh and mask
both are, in the mean over pictures, and seconds of processor time of the colouring alone.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch

from ...io import CameraFile, load_mesh, save_image, views_from_cameras, write_cameras
from ...io.json_file import read_json
from ...renderer.views import render_views, sphere_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...systems.molding.colours import colour, psnr_inside
from ...systems.molding.job import MoldOptions, mold
from ...systems.molding.normalise import normalise
from ...systems.molding.pictures import TargetPictures, load_pictures
from ...utils import ico_sphere
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json
from .hollows import clouded

_FITTED, _JUDGES, _JUDGE = 16, 6, "judge"
_BRIGHTNESS = 0.12
_DINO_JUDGES = ("0003", "0008", "0013")
_FAR, _FOV_DEG = 2.7, 50.0


class Scene(NamedTuple):
    """Pictures of an object.

    Attributes:
        folder: of pictures with cameras.
        held_out: parts of names of those that judge.
        truth: the object in the cameras' world, where it is known.
    """

    folder: Path
    held_out: tuple[str, ...]
    truth: Meshes | None = None


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--dino", type=Path, help="the folder of dinoSparseRing")
    parser.add_argument("--drawn", nargs="*", choices=("blob", "fox"), default=["blob", "fox"])
    parser.add_argument("--size", type=int, default=512, help="pixels a side of drawn pictures")
    parser.add_argument("--texels", type=int, nargs="+", default=[1024], help="along a texture's longer side")
    parser.add_argument("--steps", type=int, help="of molding; its own number when not given")
    parser.add_argument("--threads", type=int, help="of torch")
    options = parser.parse_args(words)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    numbers: dict[str, Any] = {
        "machine": describe_machine(torch.device("cpu")),
        "size": options.size,
        "brightness": _BRIGHTNESS,
    }
    with TemporaryDirectory() as work:
        for name, scene in _scenes(Path(work), options):
            for row in _rows(scene, Path(work) / f"{name}.ply", options):
                rows.append({"scene": name, **row})
                print(*(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
                write_json(options.json, numbers | {"rows": rows})
    return numbers | {"rows": rows}


def _scenes(work: Path, options: argparse.Namespace) -> Iterator[tuple[str, Scene]]:
    for name in options.drawn:
        shape = _blob() if name == "blob" else _fox()
        painted = clouded(shape) if name == "blob" else shape
        yield name, Scene(_drawn(painted, work / name, options.size), (_JUDGE,), shape)
    if options.dino is not None:
        yield "dinoSparseRing", Scene(options.dino, _DINO_JUDGES)


def _blob() -> Meshes:
    ball = ico_sphere(4)
    verts = ball.verts_packed()
    x, y, z = verts.unbind(1)
    waves = 0.18 * torch.sin(3 * x + 1) * torch.cos(2 * y) + 0.15 * torch.sin(4 * z + 2 * y)
    return normalise(Meshes([verts * (1 + waves)[:, None]], ball.faces_list()))[0]


def _fox() -> Meshes:
    with as_file(files("maquette") / "assets") as assets:
        return normalise(load_mesh(assets / "fox.obj"))[0]


def _drawn(mesh: Meshes, folder: Path, size: int) -> Path:
    """A folder with pictures of a mesh that differ in brightness, and others, which judge."""
    folder.mkdir()
    draw = torch.Generator().manual_seed(0)
    shine = 1 + _BRIGHTNESS * (2 * torch.rand(_FITTED, generator=draw) - 1)
    fitted, judges = (
        sphere_views(count, _FAR, _FOV_DEG, seed) for count, seed in ((_FITTED, None), (_JUDGES, 1))
    )
    views = [
        *_taken(mesh, fitted, shine, folder, "", size),
        *_taken(mesh, judges, torch.ones(_JUDGES), folder, _JUDGE, size),
    ]
    write_cameras(CameraFile(tuple(views), up="+Y"), folder / "cameras.json")
    return folder


def _taken(
    mesh: Meshes, cameras: CamerasBase, shine: torch.Tensor, folder: Path, name: str, size: int
) -> Iterator[Any]:
    seen = render_views(mesh, cameras, size, antialias=2, lit=False)
    pictures, masks = ([folder / f"{name}{i:02d}{k}.png" for i in range(len(shine))] for k in ("", "_mask"))
    for i, file in enumerate(pictures):
        save_image((shine[i] * seen.images[i]).clamp(0, 1), file)
        save_image(seen.masks[i].reshape(1, size, size).float(), masks[i])
    yield from views_from_cameras(cameras, torch.tensor([[size, size]]), pictures, masks)


def _rows(scene: Scene, out: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    choices = MoldOptions("silhouettes", held_out=scene.held_out, steps=options.steps, colours=False)
    mold(scene.folder, out, choices, device="cpu")
    report = read_json(out.with_name(f"{out.stem}_report.json"), dict)
    pictures = load_pictures(scene.folder)
    judges = [i for i, n in enumerate(pictures.names) if any(part in n for part in scene.held_out)]
    fitted = pictures.choose([i for i in range(len(pictures)) if i not in judges])
    surfaces = {report["start"] + ", molded": load_mesh(out)}
    if scene.truth is not None:
        surfaces["true"] = Meshes(scene.truth.verts_list(), scene.truth.faces_list())
    for name, mesh in surfaces.items():
        for texels in (0, *options.texels):
            yield {"surface": name, **_scores(mesh, fitted, pictures.choose(judges), texels)}


def _scores(mesh: Meshes, fitted: TargetPictures, judges: TargetPictures, texels: int) -> dict[str, Any]:
    began = time.process_time()
    coloured = colour(mesh, fitted, texels)
    seconds = time.process_time() - began
    scores = {
        name: psnr_inside(coloured, views.images, views.masks, views.cameras)
        for name, views in (("psnr", fitted), ("psnr_held_out", judges))
        if views.images is not None
    }
    rounded = {name: round(value, 2) for name, value in scores.items()}
    colours = f"texture of {texels}" if texels else "vertices"
    return {"colours": colours, **rounded, "cpu_seconds": round(seconds, 1)}


if __name__ == "__main__":
    run_study(main)
