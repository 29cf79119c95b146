"""`maquette render`: what is in the folder, and that its cameras are those of the pictures."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from maquette.io import cameras_from_views, load_image, load_mask, load_mesh, read_cameras
from maquette.renderer import MeshRasterizer, RasterizationSettings


@pytest.mark.parametrize("style", ["r2n2", "orbit", "sphere"])
def test_cameras_see_the_mesh_in_its_own_coordinates(maquette, ball, tmp_path, style):
    out = tmp_path / "views"
    ran = maquette("render", ball, "-o", out, "--style", style, "--views", 3, "--size", "40x48")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"wrote {out}: 3 views, 48 x 40 pixels, and cameras.json\n"
    cameras = read_cameras(out / "cameras.json")
    assert sorted(path.name for path in out.iterdir()) == ["cameras.json", "depth", "images", "masks"]
    mesh = load_mesh(ball)
    low, high = (torch.tensor(corner) for corner in cameras.bounds)
    assert ((mesh.verts_packed() > low) & (mesh.verts_packed() < high)).all()
    rasterizer = MeshRasterizer(cameras_from_views(cameras.views), RasterizationSettings((40, 48)))
    fragments = rasterizer(mesh.extend(3))
    for i, view in enumerate(cameras.views):
        assert (view.width, view.height) == (48, 40)
        mask, image = load_mask(view.mask)[0], load_image(view.image)
        covered = fragments.pix_to_face[i, ..., 0] >= 0
        assert (covered != mask).sum() <= 2, "rounding may flip a pixel at the outline"
        assert 0.05 < mask.float().mean() < 0.6
        assert (image[:, 0, 0] == 1).all()
        assert image[:, mask].std() > 0.02
        depth = torch.from_numpy(np.load(out / "depth" / f"{i:03d}.npy"))
        assert depth.dtype == torch.float32
        both = covered & mask
        assert_close(depth[both], fragments.zbuf[i, ..., 0][both], rtol=1e-3, atol=0.01)
        assert (depth[~mask] == 0).all()


def test_the_same_words_give_the_same_bytes(maquette, ball, tmp_path):
    for name in ("a", "b"):
        assert (
            maquette("render", ball, "-o", tmp_path / name, "--views", 2, "--size", 24, "--seed", 3).code == 0
        )
    maquette("render", ball, "-o", tmp_path / "c", "--views", 2, "--size", 24, "--seed", 4)
    a, b, c = ((tmp_path / name / "cameras.json").read_bytes() for name in "abc")
    assert a == b
    assert a != c
    pictures = [(tmp_path / name / "images" / "000.png").read_bytes() for name in "ab"]
    assert pictures[0] == pictures[1]


def test_an_earlier_result_is_replaced_as_a_whole(maquette, ball, tmp_path):
    out = tmp_path / "views"
    out.mkdir()
    assert maquette("render", ball, "-o", out, "--views", 3, "--size", 8).code == 0
    ran = maquette("render", ball, "-o", out, "--views", 1, "--size", 8, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert [path.name for path in (out / "images").iterdir()] == ["000.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ball.ply", "views"]


def test_fov_and_distance_set_the_size_of_the_mesh_in_the_picture(maquette, ball, tmp_path):
    def share(*words):
        maquette(
            "render", ball, "-o", tmp_path / "v", "--style", "sphere", "--views", 1, "--size", 64, *words
        )
        return load_mask(tmp_path / "v" / "masks" / "000.png").float().mean().item()

    assert share("--fov", 30) > 2 * share() > 4 * share("--distance", 6)
