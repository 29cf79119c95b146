"""Light and view in degrees, against what they do to points and pixels; maps and their ranges."""

import math

import pytest
import torch

from maquette.ops.depth_maps import normals_of_depth
from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.formation import Light, canonical
from maquette.systems.unsup3d.geometry import move
from maquette.systems.unsup3d.told import camera_normals, confidence_of, light_facts, maps_of, view_facts
from unsup3d_fakes import SIZE, some_raw

CONFIG = FormationConfig()


def towards(direction: list[float]) -> dict[str, float]:
    vector = torch.tensor([direction])
    return light_facts(Light(torch.tensor([[0.25]]), torch.tensor([[0.5]]), vector / vector.norm()))


def test_where_light_comes_from() -> None:
    """The brightest normals point away from the camera and the light: of light from the right to the left."""
    front = towards([0.0, 0.0, 1.0])
    assert front == {"ambient": 0.25, "diffuse": 0.5, "azimuth": 0.0, "elevation": 0.0}
    right = towards([-1.0, 0.0, 1.0])
    assert (right["azimuth"], right["elevation"]) == (45.0, 0.0)
    above = towards([0.0, 1.0, 1.0])
    assert (above["azimuth"], above["elevation"]) == (0.0, 45.0)
    u = torch.linspace(-1, 1, 9)
    bowl = 1 + 0.005 * (u[:, None] ** 2 + u**2)  # a ball: its right side is lit from the right
    normals = normals_of_depth(bowl[None], 10.0)[0]
    lit = normals @ torch.tensor([-1.0, 0.0, 1.0])
    assert lit[4, 7] > lit[4, 1] + 0.05
    lit = normals @ torch.tensor([0.0, 1.0, 1.0])
    assert lit[1, 4] > lit[7, 4] + 0.05


@pytest.mark.parametrize(
    ("axis", "name", "sign", "moves"),
    [(0, "pitch", -1, (0, 0.5)), (1, "yaw", -1, (-0.5, 0)), (2, "roll", 1, None)],
)
def test_how_the_object_is_turned(axis, name, sign, moves) -> None:
    """Positive angles about x, y and z bring the nose down and to the left, and turn clockwise."""
    view = torch.zeros(1, 6)
    view[0, axis] = math.radians(30)
    facts = view_facts(view)
    assert facts[name] == pytest.approx(sign * 30)
    assert {facts[other] for other in ("pitch", "yaw", "roll") if other != name} == {0.0}
    nose, ear = move(torch.tensor([[[[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]]]), view, 1.0)[0, 0]
    if moves is None:
        assert ear[1].item() == pytest.approx(0.5)  # what was at the right is lower
    else:
        assert nose[:2].tolist() == pytest.approx(moves, abs=1e-6)


def test_shifts_are_told_as_they_are() -> None:
    assert view_facts(torch.tensor([[0, 0, 0, 0.01, -0.02, -0.0]]))["shift"] == [0.01, -0.02, 0.0]


def test_maps_and_their_ranges() -> None:
    torch.manual_seed(0)
    raw = some_raw(1, 0.2)
    found = canonical(raw, CONFIG)
    image = torch.rand(3, SIZE, SIZE)
    confidence = confidence_of(raw.sigma_pixels[0, :1])
    maps = maps_of(image, found, confidence, CONFIG)
    assert list(maps) == ["input", "depth", "normals", "albedo", "shading", "canonical", "confidence"]
    depth = maps["depth"]
    assert (depth.black, depth.white, depth.deep) == (0.9, 1.1, True)
    torch.testing.assert_close(0.9 + 0.2 * depth.shades().float(), found.depth[:1])
    shading = maps["shading"]
    assert shading.white == max(1.0, float(found.shading[0].max()))
    torch.testing.assert_close(shading.shades().float() * shading.white, found.shading[0])
    lit = maps["albedo"].shades().float() * found.shading[0]
    torch.testing.assert_close(maps["canonical"].shades().float(), lit.clamp(0, 1), atol=1e-5, rtol=0)
    assert 0 < float(confidence.min()) <= float(confidence.max()) < 1
    assert list(maps_of(image, found, None, CONFIG)) == list(maps)[:-1]


def test_normals_of_a_plane_face_the_viewer() -> None:
    found = canonical(some_raw(1, 0.0), CONFIG)  # a plane, apart from its border
    normals = camera_normals(found.normals[0])
    middle = normals[:, SIZE // 2, SIZE // 2]
    torch.testing.assert_close(middle, torch.tensor([0.0, 0.0, -1.0]), atol=2e-3, rtol=0)
    shown = maps_of(torch.rand(3, SIZE, SIZE), found, None, CONFIG)["normals"].shades()
    assert shown[:, SIZE // 2, SIZE // 2].tolist() == pytest.approx([0.5, 0.5, 1.0], abs=1e-3)


def test_normals_of_a_slope_point_its_way() -> None:
    """What comes nearer to the right faces left, and what comes nearer downwards faces up."""
    u = torch.linspace(-1, 1, 9)
    slope = 1 - 0.01 * u.expand(9, 9)
    sideways = camera_normals(normals_of_depth(slope[None], 10.0)[0])[:, 4, 4]
    assert sideways[0] > 0.1  # +X is left
    upwards = camera_normals(normals_of_depth(slope.T[None], 10.0)[0])[:, 4, 4]
    assert upwards[1] > 0.1
