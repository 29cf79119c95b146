"""Draw the sheets of docs/images that show what maquette makes, remembers and looks at.

python -m maquette.bench.studies.sheets --out docs/images
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ...data import families
from ...data.faces import FaceViews
from ...films import film
from ...io.gif import save_gif
from ...io.images import save_image
from ...reconstruct import find_objects, load_system, preview, reconstruct
from ...renderer.views import cameras_from_r2n2, render_views
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ...systems.memory_sheet import ACROSS, memory_sheet
from ...systems.mesh_rcnn.about import MeshRCNNOptions
from ...systems.sweeps import Sweep

_PICTURES = Path(__file__).parents[2] / "assets" / "pictures"
_SEEDS, _TILE = range(8), 128
_PEOPLE, _FACE_TILE = 64, 64
_TESTED, _FRAMES, _FILM_TILE = 4, 16, 96  # people of the test split whom Unsup3D sees; of their film


def main(words: Sequence[str] | None = None) -> None:
    """Write all sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--weights", type=Path, help="of frustum; those that ship when not given")
    options = parser.parse_args(words)
    save_image(families_sheet(), options.out / "families.png")
    save_image(faces_sheet(), options.out / "faces.png")
    save_image(reconstructions_sheet(options.weights), options.out / "reconstructions.png")
    save_image(remembered_sheet(), options.out / "mem3d_remembered.png")
    save_image(gates_sheet(), options.out / "mesh_rcnn.png")
    save_image(unsup3d_sheet(), options.out / "unsup3d.png")
    save_gif(unsup3d_film(), options.out / "unsup3d.gif", milliseconds=100)


def families_sheet() -> Tensor:
    """A row a family, from the front left and above."""
    camera = cameras_from_r2n2(torch.tensor([55.0]), torch.tensor([25.0]), torch.tensor([0.75]))
    rows = []
    for name in families.NAMES:
        meshes = [families.make(name, seed).mesh for seed in _SEEDS]
        tiles = [
            render_views(mesh, camera, _TILE, antialias=3).images[0] for mesh in meshes if mesh is not None
        ]
        rows.append(torch.cat(tiles, dim=2))
    return torch.cat(rows, dim=1)


def faces_sheet() -> Tensor:
    """The first people, in rows of eight."""
    images = FaceViews(_PEOPLE, _FACE_TILE).held_batch(range(_PEOPLE), 1).images[:, 0]
    return torch.cat([torch.cat(list(row), dim=2) for row in images.split(8)], dim=1)


def reconstructions_sheet(weights: Path | None) -> Tensor:
    """A row a picture that ships: object, mask, and the reconstruction from there and from two other sides."""
    system = load_system("frustum", weights)
    rows = []
    for file in sorted(_PICTURES.glob("*.png")):
        seen = find_objects([file])
        rows.append(preview(reconstruct(seen, system), seen, tile=170))
    return torch.cat(rows, dim=1)


def remembered_sheet() -> Tensor:
    """A row a picture that ships, one of them of a hidden object: the shapes that it brings back to Mem3D's mind."""
    system = load_system("mem3d")
    rows = []
    for file in (*sorted(_PICTURES.glob("*.png")), *sorted(_PICTURES.glob("hidden/*.png"))):
        shapes, grids, seen = system.recall(find_objects([file]).views, ACROSS - 1)
        rows.append(memory_sheet(shapes, grids, seen, tile=170))
    return torch.cat(rows, dim=1)


def gates_sheet() -> Tensor:
    """A row a picture that ships: where Mesh R-CNN's dynamic blocks worked, its mask, what was made of it from three
    sides, and what 3D-R2N2 makes of it.
    """
    system, other, tile = load_system("mesh-rcnn"), load_system("r2n2"), 170
    rows = []
    for file in sorted(_PICTURES.glob("*.png")):
        seen = find_objects([file])
        ours = preview(reconstruct(seen, system, options=MeshRCNNOptions(show_gates=True)), seen, tile)
        theirs = preview(reconstruct(seen, other), seen, tile)
        rows.append(torch.cat([ours, theirs[:, :, 2 * tile :]], dim=2))
    return torch.cat(rows, dim=1)


def unsup3d_sheet() -> Tensor:
    """A row a drawn face of the test split: picture, depth, colours, shading; lit from four sides; turned."""
    system, tile = load_system("unsup3d"), _TILE
    rows = []
    for image, made in _taken_apart(system):
        maps = [made.maps[name].shades().float().expand(3, -1, -1) for name in ("depth", "albedo", "shading")]
        films = (system.relight(made, [0, 90, 180, 270]), system.turn(made, [-50, -20, 20, 50]))
        tiles = [image, *maps, *(frame for film in films for frame in film)]
        rows.append(torch.cat([interpolate(one[None], (tile, tile), mode="area")[0] for one in tiles], dim=2))
    return torch.cat(rows, dim=1)


def unsup3d_film() -> Tensor:
    """The same people, (frame, 3, height, width): lit from all around, and turned below."""
    system = load_system("unsup3d")
    columns = []
    for _, made in _taken_apart(system):
        lit = film(system, made, "relight", Sweep(0, 360, frames=_FRAMES)).frames
        turned = film(system, made, "turn", Sweep(-50, 50, frames=_FRAMES)).frames
        columns.append(
            interpolate(torch.cat([lit, turned], dim=2), (2 * _FILM_TILE, _FILM_TILE), mode="area")
        )
    return torch.cat(columns, dim=3)


def _taken_apart(system: Any) -> Iterator[tuple[Tensor, Reconstruction]]:
    """Pictures of people of the test split, and what Unsup3D makes of them."""
    faces = FaceViews(200, _TILE)
    people = [i for i, entry in enumerate(faces.entries) if entry.split == "test"][:_TESTED]
    for image in faces.held_batch(people, 1).images[:, 0]:
        (made,) = system.reconstruct(Views([image], boxes=[(0.0, 0.0, _TILE, _TILE)]))
        yield image, made


if __name__ == "__main__":
    main()
