import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.renderer.lighting import AmbientLights, DirectionalLights, PointLights, diffuse, specular

SQRT_HALF = 1 / math.sqrt(2)


def unit(v: torch.Tensor) -> torch.Tensor:
    return v / v.norm(dim=-1, keepdim=True)


def test_diffuse_is_the_cosine():
    normals = torch.tensor([[[0.0, 3.0, 0.0]]])
    for direction, cosine in (((0, 2, 0), 1.0), ((1, 1, 0), SQRT_HALF), ((1, 0, 0), 0.0), ((1, -1, 0), 0.0)):
        light = DirectionalLights(diffuse_color=((1, 0.5, 0),), direction=(direction,))
        torch.testing.assert_close(light.diffuse(normals=normals), cosine * torch.tensor([[[1, 0.5, 0]]]))


def test_specular_peaks_in_the_mirror_direction():
    points, normals = torch.zeros(1, 1, 3), torch.tensor([[[0.0, 1.0, 0.0]]])
    light = DirectionalLights(specular_color=((1, 0, 0.5),), direction=((-1, 1, 0),))
    for degrees, wanted in ((0, 1.0), (30, math.cos(math.pi / 6) ** 10), (90, 0.0)):
        angle = math.radians(45 - degrees)
        camera = torch.tensor([[math.cos(angle), math.sin(angle), 0.0]])
        got = light.specular(normals, points, camera, torch.tensor([10]))
        torch.testing.assert_close(got, wanted * torch.tensor([[[1, 0, 0.5]]]))


def test_no_highlight_on_the_unlit_side():
    points, normals = torch.zeros(1, 1, 3), torch.tensor([[[0.0, 1.0, 0.0]]])
    light = DirectionalLights(direction=((0.1, -1, 0),))
    assert light.specular(normals, points, torch.tensor([[0.1, 1.0, 0.0]]), torch.tensor([2])).eq(0).all()


def test_far_point_lights_are_directional():
    points, normals, camera = torch.rand(2, 4, 5, 1, 3), torch.randn(2, 4, 5, 1, 3), torch.randn(2, 3)
    direction = unit(torch.randn(2, 3))
    near = DirectionalLights(direction=direction)
    far = PointLights(location=direction * 1e5)
    torch.testing.assert_close(far.diffuse(normals, points), near.diffuse(normals, points), atol=1e-4, rtol=0)
    shininess = torch.tensor([5.0, 9.0])
    torch.testing.assert_close(
        far.specular(normals, points, camera, shininess),
        near.specular(normals, points, camera, shininess),
        atol=1e-3,
        rtol=0,
    )


@pytest.mark.parametrize("kind", ["point", "directional"])
def test_packed_points_with_gathered_lights_equal_the_batch(kind):
    points, normals, camera = torch.rand(2, 6, 3), torch.randn(2, 6, 3), torch.randn(2, 3)
    shininess = torch.tensor([5.0, 9.0])
    where = torch.randn(2, 3)
    lights = PointLights(location=where) if kind == "point" else DirectionalLights(direction=where)
    batch = torch.cat(
        [
            PointLights(location=where[n : n + 1]).specular(
                normals[n : n + 1], points[n : n + 1], camera[n : n + 1], shininess[n : n + 1]
            )
            if kind == "point"
            else lights.specular(normals, points, camera, shininess)[n : n + 1]
            for n in range(2)
        ]
    )
    owner = torch.arange(2).repeat_interleave(6)
    packed = (
        lights.clone()
        .gather_props(owner)
        .specular(normals.view(-1, 3), points.view(-1, 3), camera[owner], shininess[owner])
    )
    torch.testing.assert_close(packed.view(2, 6, 3), batch)


def test_ambient_lights_add_nothing_and_take_any_channels():
    light = AmbientLights(ambient_color=torch.rand(2, 5))
    points = torch.rand(2, 3, 3, 1, 3)
    assert len(light) == 2
    assert light.diffuse(points, points).shape == (2, 3, 3, 1, 5)
    assert light.specular(points, points, None, None).eq(0).all()
    assert AmbientLights().ambient_color.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("make", [DirectionalLights, PointLights, AmbientLights])
def test_clone_shares_no_memory(make):
    light = make(ambient_color=torch.rand(4, 3))
    copy = light.clone()
    assert type(copy) is make
    assert len(copy) == 4
    torch.testing.assert_close(copy.ambient_color, light.ambient_color)
    assert copy.ambient_color.data_ptr() != light.ambient_color.data_ptr()


@pytest.mark.parametrize("name", ["ambient_color", "diffuse_color", "specular_color"])
@pytest.mark.parametrize("make", [DirectionalLights, PointLights])
def test_three_channels_are_required(make, name):
    with pytest.raises(ValueError, match=name):
        make(**{name: torch.rand(2, 4)})


def test_places_have_three_coordinates():
    with pytest.raises(ValueError, match="direction"):
        DirectionalLights(direction=torch.rand(2, 4))
    with pytest.raises(ValueError, match="location"):
        PointLights(location=torch.rand(2, 4))


def test_specular_needs_a_normal_a_point():
    with pytest.raises(ValueError, match="same shape"):
        specular(torch.rand(2, 3), torch.rand(3, 3), torch.rand(1, 3), torch.rand(1, 3), torch.rand(1, 3), 2)


def test_gradients():
    torch.manual_seed(3)
    points, normals = torch.rand(1, 3, 3, dtype=torch.float64), torch.rand(1, 3, 3, dtype=torch.float64)
    color, place, camera = (torch.rand(1, 3, dtype=torch.float64) + shift for shift in (0, 2, 1))
    shininess = torch.tensor([3.0], dtype=torch.float64)
    inputs = [t.requires_grad_() for t in (points, normals, color, place, camera, shininess)]

    def light(points, normals, color, place, camera, shininess):
        direction = place[:, None] - points
        return diffuse(normals, color, direction) + specular(
            points, normals, direction, color, camera, shininess
        )

    assert torch.autograd.gradcheck(light, inputs)


@settings(max_examples=60, deadline=None)
@given(
    shininess=st.sampled_from([0.0, 1e-3, 0.5, 1.0, 64.0, 1000.0]),
    normal=st.sampled_from([(0.0, 0.0, 0.0), (1e-30, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1e19, 0.0)]),
    place=st.sampled_from([(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1e-25, 1e-25, 0.0)]),
    camera=st.sampled_from([(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)]),
)
def test_values_and_gradients_are_finite(shininess, normal, place, camera):
    points = torch.zeros(1, 1, 3, requires_grad=True)
    normals = torch.tensor([[normal]], requires_grad=True)
    location = torch.tensor([place], requires_grad=True)
    camera_position = torch.tensor([camera], requires_grad=True)
    exponent = torch.tensor([shininess], requires_grad=True)
    lights = PointLights(location=location)
    value = lights.diffuse(normals, points) + lights.specular(normals, points, camera_position, exponent)
    assert value.isfinite().all()
    value.sum().backward()
    for tensor in (points, normals, location, camera_position, exponent):
        assert not tensor.grad.isnan().any()
