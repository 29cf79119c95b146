"""Photographs of an object without cameras, to masks, cameras and a coloured mesh.

    python examples/08_photographs.py photos/ --turntable --out object.glb

Without words it draws the fox that ships as it turns before a camera, and takes those pictures.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

import maquette
from maquette.compose.photo_scene import SceneOptions
from maquette.compose.photo_target import photo_target
from maquette.io import load_mesh, read_cameras, save_image
from maquette.poses.silhouettes import PosesConfig, Stage, ring
from maquette.renderer import FoVPerspectiveCameras
from maquette.renderer.views import render_views
from maquette.systems.molding.job import MoldOptions, mold

FOX = Path(maquette.__file__).parent / "assets" / "fox.obj"
FOV = 40.0


def main(words: Sequence[str] | None = None) -> Path:
    """Run the example; returns the mesh that was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--turntable", action="store_true", help="the object turned, the camera stood still")
    parser.add_argument("--fov", type=float, help="degrees along the longer side")
    parser.add_argument("--out", type=Path, default=Path("object.glb"))
    parser.add_argument("--quick", action="store_true", help="few and coarse steps, to try it")
    options = parser.parse_args(words)
    with TemporaryDirectory() as aside:
        drawn = options.photos is None
        pictures = _fox(Path(aside)) if drawn else sorted(options.photos.iterdir())

        # Cameras by what pictures share, else by silhouettes; masks by what tells them; all into one folder.
        rings = PosesConfig(turntable=options.turntable or drawn)
        if options.quick:
            rings = PosesConfig(
                turntable=True, elevations=(20.0,), kept=1, coarse=Stage(25, 14, 14), fine=Stage(5, 16, 16)
            )
        by = "silhouettes" if rings.turntable else None
        scene = SceneOptions(by, rings, fov=FOV if drawn else options.fov)
        folder = options.out.with_name(f"{options.out.stem}_scene")
        found = photo_target(pictures, folder, scene)
    print(f"{len(read_cameras(folder / 'cameras.json'))} cameras by {found.report['source']}")
    for remark in found.remarks:
        print(remark)

    # From there on the cameras are known: the hull of the masks is molded and coloured.
    settings = MoldOptions(
        source="silhouettes", steps=5 if options.quick else None, texture=0 if options.quick else None
    )
    written: Path = mold(folder, options.out, settings)[0]
    return written


def _fox(folder: Path) -> list[Path]:
    """Twelve pictures of the fox as it turns."""
    mesh = load_mesh(FOX)
    verts = mesh.verts_packed()
    low, high = verts.amin(0), verts.amax(0)
    mesh = mesh.offset_verts(-(low + high) / 2).scale_verts(1 / float((high - low).norm()))
    R = ring(torch.arange(12) * 30.0, 25.0)
    cameras = FoVPerspectiveCameras(R=R, T=torch.tensor([[0.0, 0.0, 2.2]]).expand(12, 3), fov=FOV)
    seen = render_views(mesh, cameras, (160, 160))
    files = [folder / f"{i:02d}.png" for i in range(12)]
    for file, image, mask in zip(files, seen.images, seen.masks.float(), strict=True):
        save_image(image * mask + 0.95 * (1 - mask), file)
    return files


if __name__ == "__main__":
    main()
