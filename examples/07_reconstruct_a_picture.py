"""A picture, or several of one object, to a coloured mesh.

    python examples/07_reconstruct_a_picture.py chair_front.jpg chair_side.jpg --out chair.glb

Without words it takes the chair that ships with maquette. `--weights` names weights of your own.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import maquette
from maquette.io import save_image
from maquette.lift import draw_preview
from maquette.reconstruct import find_objects
from maquette.renderer.views import azimuth_from_r2n2
from maquette.structures.reconstruction import Reconstruction

CHAIR = Path(maquette.__file__).parent / "assets" / "pictures" / "chair.png"


def main(words: Sequence[str] | None = None) -> Reconstruction:
    """Run the example; returns what was reconstructed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="*", default=[CHAIR])
    parser.add_argument("--out", type=Path, default=Path("reconstruction.glb"))
    parser.add_argument("--weights", type=Path, help="a weights file or the folder of a run")
    options = parser.parse_args(words)

    # Objects are found, framed as in training, and seen by the network one picture after another.
    system = maquette.load("r2n2", weights=options.weights)
    (made,) = system.reconstruct(options.pictures)

    # The mesh lies in the object frame: Y up, front +Z, bounding box around 0 with diagonal 1.
    print(f"{len(made.mesh.faces_packed())} faces, colours from the {made.info['colours']}")
    for name, view in zip(options.pictures, made.info["views"], strict=True):
        azimuth = azimuth_from_r2n2(view.azimuth)  # 0 is the front
        print(f"{name}: azimuth {azimuth:.0f}, elevation {view.elevation:.0f}, sure to {view.confidence:.2f}")
    made.save(options.out)

    # A row a picture: picture, mask, the mesh from where it was taken, and two other sides.
    seen = find_objects(options.pictures)
    masks = [found.mask for found in seen.found]
    preview = draw_preview(made.mesh, seen.views.images, masks, made.info["views"])
    save_image(preview, options.out.with_name(f"{options.out.stem}_preview.png"))
    return made


if __name__ == "__main__":
    main()
