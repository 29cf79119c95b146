"""Training data from nothing: shapes of the built-in families as meshes on disk, and a sheet of training pictures.

    python examples/06_make_training_data.py --out my_shapes

writes `my_shapes/<family>/<id>.ply` and `my_shapes_pictures.png`. `maquette train r2n2 --shapes my_shapes` learns
from such a folder, and `maquette data make my_shapes -o DIR` makes the layout of 3D-R2N2 of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from maquette.data import families
from maquette.data.drawn_views import DrawnViews
from maquette.data.pack import pack_meshes
from maquette.data.views_config import ViewsConfig
from maquette.io import save_image, save_mesh


def main(words: Sequence[str] | None = None) -> torch.Tensor:
    """Run the example; returns the sheet (3, objects S, views S)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("my_shapes"), help="the folder of meshes")
    parser.add_argument("--shapes", type=int, default=52, help="how many; the families come in turn")
    parser.add_argument("--objects", type=int, default=8, help="rows of the sheet")
    parser.add_argument("--views", type=int, default=6, help="pictures of each")
    parser.add_argument("--size", type=int, default=128, help="of a picture, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(words)

    # A shape is a function of its family's name and a seed; a folder of them says what is what by its sub-folders.
    for shape in families.shapes(options.shapes, options.seed):
        assert shape.mesh is not None
        folder = options.out / shape.category
        folder.mkdir(parents=True, exist_ok=True)
        save_mesh(shape.mesh, folder / f"{shape.id}.ply")

    # From here on the meshes could be anyone's: they are packed with their solid voxels, and drawn at every step.
    packed = pack_meshes([options.out])
    config = ViewsConfig(
        size=options.size,
        framing="object",
        elevation=(0.0, 45.0),
        backgrounds=("plain", "gradient", "noise"),
        colours="mixed",
        texture=0.3,
        lights=True,
        jitter=0.2,
        flip_voxels=True,
    )
    batch = DrawnViews(packed.pack, config, options.seed).training_batch(
        step=0, count=options.objects, views=options.views
    )

    # A row an object, as a network sees it; `batch.voxels` is what it should answer.
    sheet = torch.cat([torch.cat(list(views), dim=2) for views in batch.images], dim=1)
    out = options.out.with_name(f"{options.out.name}_pictures.png")
    save_image(sheet, out)
    print(f"{len(packed.pack)} meshes in {options.out}; {options.objects} objects in {out}")
    print(f"{float(batch.voxels.float().mean()):.0%} of the cells of their voxels are solid")
    return sheet


if __name__ == "__main__":
    main()
