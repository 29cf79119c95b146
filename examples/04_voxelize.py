"""A mesh to solid voxels and back: as cubes, and as a smooth surface.

    python examples/04_voxelize.py --out voxels

writes `voxels.binvox`, `voxels_cubes.glb` and `voxels_surface.glb`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import maquette
from maquette.io import load_mesh, save_binvox, save_mesh
from maquette.ops import cubify, marching_cubes, taubin_smoothing, voxelize
from maquette.structures import Meshes, swap_zyx_axes

FOX = Path(maquette.__file__).parent / "assets" / "fox.obj"


def main(words: Sequence[str] | None = None) -> float:
    """Run the example; returns which share of the cells is solid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mesh", type=Path, default=FOX)
    parser.add_argument("--out", type=Path, default=Path("voxels"), help="the beginning of the files' names")
    parser.add_argument("--resolution", type=int, default=64, help="cells along each axis")
    options = parser.parse_args(words)

    # The grid is a cube around the mesh, with a free cell on every side.
    mesh = load_mesh(options.mesh)
    low, high = mesh.get_bounding_boxes()[0].unbind(dim=1)
    middle = (low + high) / 2
    side = float((high - low).max()) * options.resolution / (options.resolution - 2)
    grid = voxelize(mesh, options.resolution, side=side, center=tuple(middle.tolist()))
    save_binvox(grid, options.out.with_name(options.out.name + ".binvox"))

    # cubify and marching_cubes read (z, y, x) grids and answer in [-1, 1].
    volume = swap_zyx_axes(grid.occupancy).float()
    cubes = cubify(volume, 0.5, align="corner")
    cubes = cubes.scale_verts(side / 2).offset_verts(middle)
    (verts,), (faces,) = marching_cubes(volume, 0.5)
    reach = side / 2 * (options.resolution - 1) / options.resolution  # its -1 and 1 are centres of cells
    surface = taubin_smoothing(Meshes([verts * reach + middle], [faces]))
    for name, result in (("cubes", cubes), ("surface", surface)):
        save_mesh(result, options.out.with_name(f"{options.out.name}_{name}.glb"), smooth=name == "surface")

    share = float(grid.occupancy.float().mean())
    print(f"{options.resolution}³ cells, {share:.1%} solid; wrote {options.out}.binvox and two .glb files")
    return share


if __name__ == "__main__":
    main()
