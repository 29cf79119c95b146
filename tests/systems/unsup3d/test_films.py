"""Other light and other sides: of a known face the right parts are bright, and it looks the right way."""

import math
from dataclasses import replace

import pytest
import torch

from drawn_face import face
from maquette.ops.depth_maps import normals_of_depth
from maquette.systems.unsup3d.close_up import close_up
from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.formation import Canonical, canonical, light_of, picture, shade, twice
from maquette.systems.unsup3d.relighting import relit
from maquette.systems.unsup3d.seen_depth import seen_depth
from maquette.systems.unsup3d.turning import turned
from unsup3d_fakes import some_raw

CONFIG = FormationConfig()
SIZE = 32


def of_face() -> Canonical:
    """A drawn face, white all over, in light from the front."""
    _, _, depth, _ = face(SIZE)
    depth = twice(depth.where(depth > 0, 1.08), True)
    light = light_of(torch.zeros(2, 4), CONFIG)
    normals = normals_of_depth(depth, CONFIG.fov)
    shading = shade(normals, light)
    albedo = torch.ones(2, 3, SIZE, SIZE)
    image = (albedo / 2 + 0.5) * shading * 2 - 1
    return Canonical(depth[:1], depth, albedo, light, normals, shading, image, torch.zeros(2, 6))


def test_the_light_turns_clockwise_from_above() -> None:
    found = of_face()
    above, right, below, left = relit(found, CONFIG, [0, 90, 180, 270], size=SIZE).mean(1)
    inside = slice(4, -4), slice(4, -4)
    half = (SIZE - 8) // 2

    def excess(one: torch.Tensor, other: torch.Tensor) -> tuple[float, float]:
        """How much brighter one is than the other, on the right and in the lower part."""
        more = (one - other)[inside]
        return float(more[:, half:].mean() - more[:, :half].mean()), float(
            more[half:].mean() - more[:half].mean()
        )

    across, down = excess(right, left), excess(below, above)
    assert across[0] > 0.1 > abs(across[1])
    assert down[1] > 0.1 > abs(down[0])


def test_a_light_along_the_way_to_the_camera_is_the_same_at_every_angle() -> None:
    one, other = relit(of_face(), CONFIG, [10, 200], tilt_deg=0.0, size=SIZE)
    torch.testing.assert_close(one, other)
    strength = 1.0  # ambient and diffuse of a half each
    assert float(one[:, 2:-2, 2:-2].max()) == pytest.approx(strength, abs=0.01)


def test_at_rest_and_in_its_own_size_a_close_up_is_the_canonical_picture() -> None:
    torch.manual_seed(0)
    depth, images = 0.95 + 0.02 * torch.rand(SIZE, SIZE), 2 * torch.rand(3, 3, SIZE, SIZE) - 1
    shown = close_up(images, depth, torch.zeros(6), CONFIG, SIZE)
    torch.testing.assert_close(shown, (images + 1) / 2, atol=2e-4, rtol=0)


@pytest.mark.parametrize("sampling", ["centres", "original"])
def test_a_close_up_agrees_with_the_picture_that_training_makes(sampling: str) -> None:
    torch.manual_seed(0)
    config = FormationConfig(sampling=sampling)
    raw = some_raw(1, 0.1)
    found = canonical(raw._replace(view=raw.view * 0.2), config)
    u = torch.linspace(-1, 1, SIZE)
    smooth = torch.stack(torch.broadcast_tensors(u, u[:, None], u * u[:, None])).expand(2, -1, -1, -1)
    found = replace(found, image=smooth)
    depth = seen_depth(found.depth, found.view, config)
    made = picture(found, depth, config)
    shown = close_up(found.image[:1], found.depth[0], found.view[0], config, SIZE)[0]
    both = made.mask[0, 0].bool() & (shown < 1).all(0)
    difference = (shown - (made.image[0] + 1) / 2).abs().amax(0)
    assert both.float().mean() > 0.4
    if sampling == "centres":
        assert float(difference[both].max()) < 1e-4
    else:  # there the depth is that of another place
        assert float(difference[both].median()) < 0.02


def test_what_is_not_seen_is_white() -> None:
    view = torch.zeros(6)
    view[3] = 0.08
    shown = close_up(-torch.ones(1, 3, SIZE, SIZE), torch.ones(SIZE, SIZE), view, CONFIG, SIZE)[0]
    pixels = round(0.08 / 0.175 * SIZE)
    assert shown[:, :, : pixels - 1].min() == 1
    assert shown[:, :, pixels + 1 :].max() == 0


def test_turned_to_the_right_the_nose_is_further_right() -> None:
    found = of_face()
    marked = found.image.clone()
    nose = int(found.depth[0].flatten().argmin())
    row, column = nose // SIZE, nose % SIZE
    marked[:] = -1
    marked[:, :, row - 1 : row + 2, column - 1 : column + 2] = 0.9
    found = replace(found, image=marked)
    shown = turned(found, CONFIG, [-30, 0, 30], above_deg=0.0, size=SIZE).mean(1)
    bright = ((shown > 0.5) & (shown < 1)).float()
    columns = (bright * torch.arange(SIZE)).sum((1, 2)) / bright.sum((1, 2))
    assert columns[0] + 2 < columns[1] < columns[2] - 2
    assert float(columns[1]) == pytest.approx(column, abs=1)
    lower = turned(found, CONFIG, [0], above_deg=20.0, size=SIZE).mean(1)
    bright = ((lower > 0.5) & (lower < 1)).float()
    assert float((bright * torch.arange(SIZE)[:, None]).sum() / bright.sum()) > row + 1


def test_an_object_turned_as_in_its_picture_nods_as_there() -> None:
    view = torch.tensor([[0.2, 0.3, 0.0, 0.0, 0.0, 0.0]]).expand(2, -1)
    found = replace(of_face(), view=view)
    expected = close_up(found.image[:1], found.depth[0], view[0], CONFIG, SIZE)
    shown = turned(found, CONFIG, [-math.degrees(0.3)], size=SIZE)
    torch.testing.assert_close(shown, expected, rtol=0, atol=1e-3)
    assert (shown - turned(found, CONFIG, [-math.degrees(0.3)], above_deg=0.0, size=SIZE)).abs().max() > 0.1


def test_any_number_of_pixels() -> None:
    assert turned(of_face(), CONFIG, [0, 5], size=48).shape == (2, 3, 48, 48)
    assert relit(of_face(), CONFIG, [0, 5, 10], size=40).shape == (3, 3, 40, 40)
