"""From pictures to reconstructions, by a system that is only known by its face."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.io import BadInput, load_image, load_mesh, save_image
from maquette.lift import lift_reconstruction
from maquette.reconstruct import (
    RESERVED,
    choose_system,
    describe,
    files_of,
    find_objects,
    load_system,
    node_names,
    reconstruct,
    upright,
    write,
)
from maquette.renderer.views import orbit_views, place_cameras, render_views
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.structures.views import Views
from maquette.structures.voxels import VoxelGrid
from maquette.systems import DEFAULT, SEVERAL
from maquette.systems.about import About
from maquette.systems.r2n2.about import R2N2Options
from maquette.utils import ico_sphere
from tiny_r2n2 import VARIANT, tiny_r2n2, tiny_weights


def disc(size: int = 48) -> torch.Tensor:
    y, x = torch.meshgrid(*[(torch.arange(size) + 0.5) / size] * 2, indexing="ij")
    return (torch.hypot(x - 0.5, y - 0.5) < 0.3)[None].float()


def picture(size: int = 48) -> torch.Tensor:
    mask = disc(size)
    return mask * torch.tensor([0.7, 0.2, 0.1])[:, None, None] + (1 - mask) * 0.95


class BallSystem:
    """Says that every object is a ball."""

    about = About("ball", ("any",), needs_masks=True)

    def __init__(self) -> None:
        self.calls: list[int] = []

    def reconstruct(self, views, options=None):
        self.calls.append(len(views))
        centres = VoxelGrid(torch.zeros(1, 16, 16, 16, dtype=torch.bool)).cell_centers()
        return [lift_reconstruction((centres.norm(dim=-1) < 0.45).float(), views)]


def test_the_number_of_pictures_decides_which_system_takes_them():
    one, several = picture(), [picture(), picture()]
    assert choose_system(one) == choose_system([one]) == choose_system(several, each=True) == DEFAULT
    assert choose_system(several) == SEVERAL


def test_pictures_are_fused_or_taken_one_by_one():
    system = BallSystem()
    assert len(reconstruct([picture(), picture()], system)) == 1
    assert len(reconstruct([picture(), picture()], system, each=True)) == 2
    assert system.calls == [2, 1, 1]


def test_a_system_by_its_name(tmp_path):
    save_image(picture(), tmp_path / "a.png")
    weights = tiny_weights(tmp_path / "w.safetensors")
    made = reconstruct(tmp_path / "a.png", "r2n2", weights=weights)[0]
    assert made.info["variant"] == VARIANT
    assert made.frame == "object"
    assert made.mesh.textures is not None


def test_the_same_bits_every_time():
    first, second = (reconstruct(picture(), tiny_r2n2())[0] for _ in range(2))
    assert torch.equal(first.mesh.verts_packed(), second.mesh.verts_packed())
    assert torch.equal(first.view, second.view)


def test_the_threshold_can_be_chosen(tmp_path):
    weights = tiny_weights(tmp_path / "w.safetensors")
    system = load_system("r2n2", weights)
    occupancy = system.occupancy(system.frame(find_objects(picture()).views)[None])
    threshold = occupancy.quantile(0.8).item()  # is reached, and not that of the weights
    assert threshold != system.threshold
    (made,) = reconstruct(picture(), system, options=R2N2Options(threshold=threshold))
    assert made.facts["threshold"] == threshold


def test_masks_in_place_of_what_pictures_bring():
    mask = torch.zeros(1, 48, 48)
    mask[:, 10:20, 10:20] = 1
    seen = find_objects([picture(), picture()], [mask, None])
    assert [found.how for found in seen.found] == ["given", "plain"]
    assert torch.equal(seen.views.masks[0], mask)


def test_a_mask_of_another_size_is_scaled():
    seen = find_objects([picture(96)], [disc(48)])
    assert float((seen.views.masks[0] - disc(96)).abs().mean()) < 0.02
    with pytest.raises(BadInput, match="different proportions: 24 x 48 and 48 x 48"):
        find_objects([picture()], [torch.ones(1, 48, 24)])
    with pytest.raises(
        ValueError, match=r"the mask of picture 0 must have 1, 3 or 4 channels.*\(2, 48, 48\)"
    ):
        find_objects([picture()], [torch.ones(2, 48, 48)])
    with pytest.raises(ValueError, match="2 masks for 1 pictures"):
        find_objects([picture()], [None, None])


def test_a_mask_in_many_forms(tmp_path):
    save_image(disc(), tmp_path / "mask.png")
    flat = disc()[0].numpy()
    pillow = Image.fromarray(flat.astype(np.uint8))  # of 0 and 1
    whole = Image.fromarray((flat * 255).astype(np.int32))
    stored = (tmp_path / "mask.png").read_bytes()
    path = tmp_path / "mask.png"
    for given in (
        flat,
        flat > 0,
        (flat * 255).astype(np.uint8),
        flat.astype(np.uint8),
        pillow,
        whole,
        stored,
        path,
    ):
        for masks in (given, [given]):
            (mask,) = find_objects(picture(), masks).views.masks
            assert torch.equal(mask, disc())


def test_nothing_to_find():
    with pytest.raises(BadInput, match="picture 1: no object was found"):
        find_objects([picture(), torch.full((3, 32, 32), 0.5)])
    with pytest.raises(BadInput, match="the mask shows no object"):
        find_objects([picture()], [torch.zeros(1, 48, 48)])


def test_transparency_of_decoded_pictures_is_the_mask():
    rgb = np.full((10, 12, 3), 0.3, np.float32)
    rgba = np.concatenate([rgb, np.zeros((10, 12, 1), np.float32)], axis=2)
    rgba[2:6, 3:9, 3] = 1
    mask = torch.ones(1, 10, 12)
    seen = find_objects([rgb, rgba, rgb[..., :1]], [mask, None, mask], ["a", "b", "c"])
    assert [found.how for found in seen.found] == ["given", "alpha", "given"]
    assert float(seen.views.masks[1].sum()) == 24
    assert seen.views.images[2].shape == (3, 10, 12)
    assert find_objects(seen.views).found[1].how == "given"
    with pytest.raises(BadInput, match="b: the picture is transparent everywhere"):
        find_objects([np.zeros((4, 4, 4), np.float32)], names=["b"])


@pytest.fixture(scope="module")
def ball():
    """Two pictures, and the ball that was made of them."""
    seen = find_objects([picture(), picture(70)])
    return reconstruct(seen, BallSystem())[0], seen


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".ply"])
def test_files(tmp_path, ball, suffix):
    made, seen = ball
    out = tmp_path / f"ball{suffix}"
    report = write(made, seen, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in files_of(out))
    mesh = load_mesh(out)
    assert len(mesh.verts_packed()) >= report["verts"]
    red, _, blue = mesh.textures.verts_features_packed().mean(dim=0).tolist()
    assert red > blue
    assert json.loads((tmp_path / "ball_report.json").read_text()) == json.loads(json.dumps(report))
    assert report["pictures"][1]["view"]["confidence"] > 0.5
    assert (
        report["pictures"][1]["view"]["azimuth"] == round((90 - made.info["views"][1].azimuth) % 360, 4) % 360
    )
    assert load_image(tmp_path / "ball_preview.png").shape == (3, 2 * 256, 5 * 256)


def test_nothing_is_left_where_writing_fails(tmp_path, ball):
    made, seen = ball
    with pytest.raises(BadInput, match=r"/ball\.xyz: "):
        write(made, seen, tmp_path / "ball.xyz")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "ball_preview.png").mkdir()
    with pytest.raises(BadInput, match=r"ball_preview\.png: is a folder"):
        write(made, seen, tmp_path / "ball.glb")
    assert [path.name for path in tmp_path.iterdir()] == ["ball_preview.png"]


@pytest.mark.parametrize("frame", ["object", "camera"])
def test_a_system_that_says_nothing_of_viewpoints(tmp_path, ball, frame):
    """It can still be written and told of."""
    made, seen = ball
    report = write(Reconstruction(made.mesh, frame), seen, tmp_path / "ball.glb")
    assert [shown["view"] for shown in report["pictures"]] == [None, None]
    assert load_image(tmp_path / "ball_preview.png").shape == (3, 2 * 256, 5 * 256)


def test_viewpoints_of_some_of_the_pictures(tmp_path, ball):
    made, seen = ball
    some = replace(made, info={**made.info, "views": made.info["views"][:1]})
    report = write(some, seen, tmp_path / "ball.glb")
    assert [shown["view"] is None for shown in report["pictures"]] == [False, True]


def test_a_report_has_what_a_system_reports(tmp_path, ball):
    made, seen = ball
    common = describe(Reconstruction(made.mesh, "object"), seen)
    assert "remarks" not in common
    told = replace(
        made,
        info={"system": "ball", "seconds": {"network": 1.00004}},
        facts={"sure": True, "depth": [1, 2], "none": None},
        remarks=("it is round", "it is a ball"),
    )
    report = write(told, seen, tmp_path / "ball.glb")
    assert report.keys() - common.keys() == {"sure", "depth", "none", "remarks"}
    assert (report["sure"], report["depth"], report["none"]) == (True, [1, 2], None)
    assert report["remarks"] == ["it is round", "it is a ball"]
    assert report["seconds"].keys() == {"mask", "network", "write"}
    assert report["seconds"]["network"] == 1.0
    assert json.loads((tmp_path / "ball_report.json").read_text()) == report


def test_each_object_of_a_scene_has_facts_and_remarks_of_its_own(tmp_path, ball):
    made, seen = ball
    objects = [
        Reconstruction(made.mesh, "camera", label="ball", facts={"depth": 1}),
        Reconstruction(made.mesh, "camera", label="ball", score=0.5, facts={"depth": 2}, remarks=("far",)),
    ]
    report = write(objects, seen, tmp_path / "balls.glb")
    size = {"verts": len(made.mesh.verts_packed()), "faces": len(made.mesh.faces_packed())}
    assert report["objects"] == [
        {"name": "ball_1", "label": "ball", "depth": 1, **size},
        {"name": "ball_2", "label": "ball", "score": 0.5, "depth": 2, "remarks": ["far"], **size},
    ]
    assert json.loads((tmp_path / "balls_report.json").read_text()) == report


def test_the_report_of_a_scene_sums_its_objects_and_tells_of_none_of_them(tmp_path, ball):
    told = Reconstruction(
        ico_sphere(1), "object", label="ball", score=0.5, box=torch.tensor([0.0, 0, 9, 9]), facts={"depth": 1},
        remarks=("far",),
    )  # fmt: skip
    report = write([told, Reconstruction(ico_sphere(0), "object")], ball[1], tmp_path / "two.glb")
    assert (report["verts"], report["faces"]) == (42 + 12, 80 + 20)
    assert report.keys() == {"system", "variant", "weights", "pictures", "frame", "seconds", "verts", "faces",
                             "objects"}  # fmt: skip
    assert [one["faces"] for one in report["objects"]] == [80, 20]


def test_facts_leave_the_names_of_the_report_alone(tmp_path, ball):
    """Where they did not, they would falsify it."""
    made, seen = ball
    told = replace(
        made, label="ball", score=0.5, box=torch.tensor([0.0, 0, 9, 9]), remarks=("far",), facts={}
    )
    scene = write([told, told], seen, tmp_path / "scene.glb")
    assert scene.keys() | scene["objects"][0].keys() | {"maps", "films"} == RESERVED
    (tmp_path / "out").mkdir()
    for name in RESERVED:
        wrong = replace(made, facts={"depth": 1, name: 5})
        with pytest.raises(ValueError, match=f"facts must not be called {name}: the report's own names"):
            write(wrong, seen, tmp_path / "out" / "ball.glb")
        with pytest.raises(ValueError, match=f"facts must not be called {name}"):
            write([told, wrong], seen, tmp_path / "out" / "balls.glb")
    assert list((tmp_path / "out").iterdir()) == []


def test_seconds_that_are_no_number_are_null_in_the_report(tmp_path, ball):
    made, seen = ball
    strange = replace(made, info={"seconds": {"network": float("nan")}})
    write(strange, seen, tmp_path / "ball.glb")
    assert json.loads((tmp_path / "ball_report.json").read_text())["seconds"]["network"] is None


def test_every_object_has_a_name_of_its_own(ball):
    labels = ["chair", "chair_1", "coffee table", None, "chair", "", "chair_2", "coffee/table"]
    names = node_names([replace(ball[0], label=label) for label in labels])
    assert names == ["chair_1", "chair_1_2", "coffee-table_1", "object_1", "chair_2", "object_2", "chair_2_2",
                     "coffee-table_2"]  # fmt: skip
    assert node_names([ball[0]]) == ["object"]


def test_no_objects_are_refused(tmp_path, ball):
    with pytest.raises(BadInput, match="picture 0: nothing was found in the picture"):
        write([], ball[1], tmp_path / "none.glb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("elevation", [0.0, 25.0, 60.0, -30.0])
def test_a_mesh_of_a_camera_that_looks_down_stands_upright(elevation):
    """A post with a nose towards the camera: up stays up, the nose points to +Z."""
    angle = torch.tensor(elevation).deg2rad()
    up = torch.stack([torch.tensor(0.0), angle.cos(), -angle.sin()])  # tilted towards the camera
    nose = torch.stack([torch.tensor(0.0), -angle.sin(), -angle.cos()])
    verts = torch.stack([up, -up, 0.3 * nose]) + torch.tensor([0.0, 0.0, 3.0])
    made = Reconstruction(Meshes([verts], [torch.tensor([[0, 1, 2]])]), "camera", up=up)
    stands = upright(made).verts_packed()
    stands = stands - (stands[0] + stands[1]) / 2
    assert torch.allclose(stands[0], torch.tensor([0.0, 1, 0]), atol=1e-5)
    assert torch.allclose(stands[2], torch.tensor([0.0, 0, 0.3]), atol=1e-5)


def test_seen_from_straight_above_a_mesh_is_turned_as_if_nothing_were_known():
    verts = torch.rand(3, 3)
    mesh = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    above = upright(Reconstruction(mesh, "camera", up=torch.tensor([0.0, 0.01, -1.0])))
    assert torch.equal(above.verts_packed(), upright(Reconstruction(mesh, "camera")).verts_packed())


def test_a_mesh_of_the_cameras_world_stays_there_and_is_shown_from_them(tmp_path):
    place = torch.tensor([4.0, -2.0, 9.0])
    cameras = place_cameras(orbit_views(2, fov=40.0), place, 1.0)
    mesh = ico_sphere(3)
    mesh = mesh.update_padded(mesh.verts_padded() * torch.tensor([0.9, 0.3, 0.4]) + place)
    seen = render_views(mesh, cameras, (64, 80))
    views = Views(list(seen.images), list(seen.masks[:, None].float()), cameras)
    made = Reconstruction(mesh, "world")
    assert torch.equal(upright(made).verts_packed(), mesh.verts_packed())
    report = write(made, find_objects(views), tmp_path / "m.ply")
    assert report["frame"] == "world"
    shown = load_image(tmp_path / "m_preview.png")
    for row in range(2):
        mask, drawn = (shown[:, 256 * row : 256 * (row + 1), k : k + 256] for k in (256, 512))
        ours, theirs = (drawn < 0.97).any(dim=0), (mask < 0.95).any(dim=0)
        assert float((ours & theirs).sum() / (ours | theirs).sum()) > 0.9


def test_several_pictures_with_cameras_are_for_the_default_system():
    views = Views([picture(), picture()], cameras=orbit_views(2))
    assert choose_system(views) == DEFAULT
