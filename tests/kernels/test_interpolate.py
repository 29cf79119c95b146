"""Barycentric interpolation against its float64 torch twin."""

import pytest
import torch

from maquette.kernels.interpolate import interpolate_corners


def twin(faces, bary, attributes, corners):
    index = corners if corners is not None else torch.arange(len(attributes)).view(-1, 3)
    values = (bary[..., None] * attributes[index[faces.clamp(min=0)]]).sum(1)
    return torch.where(faces[:, None] >= 0, values, torch.zeros_like(values))


def cosine(a, b):
    return torch.nn.functional.cosine_similarity(a.double().flatten(), b.double().flatten(), dim=0)


@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize("by_vertex", [False, True])
def test_values_and_gradients_match_twin(channels, by_vertex):
    torch.manual_seed(channels)
    faces = torch.randint(-40, 60, (5000,))
    bary = torch.randn(5000, 3)
    corners = torch.randint(0, 50, (60, 3)) if by_vertex else None
    attributes = torch.randn(50 if by_vertex else 180, channels)
    weight = torch.randn(5000, channels)

    inputs = bary.requires_grad_(), attributes.requires_grad_()
    out = interpolate_corners(faces, *inputs, corners)
    grads = torch.autograd.grad((out * weight).sum(), inputs)
    exact = tuple(x.detach().double().requires_grad_() for x in inputs)
    reference = twin(faces, *exact, corners)
    reference_grads = torch.autograd.grad((reference * weight.double()).sum(), exact)

    torch.testing.assert_close(out.double(), reference, rtol=1e-5, atol=1e-5)
    for grad, expected in zip(grads, reference_grads, strict=True):
        assert (grad.double() - expected).norm() < 1e-5 * expected.norm()
        assert cosine(grad, expected) > 0.999999


def test_no_points_and_all_empty_points():
    attributes = torch.randn(6, 2, requires_grad=True)
    empty = interpolate_corners(torch.empty(0, dtype=torch.int64), torch.empty(0, 3), attributes, None)
    assert empty.shape == (0, 2)
    none = interpolate_corners(torch.full((4,), -1), torch.full((4, 3), torch.nan), attributes, None)
    none.sum().backward()
    assert torch.equal(none, torch.zeros(4, 2))
    assert torch.equal(attributes.grad, torch.zeros(6, 2))


def test_attribute_gradient_has_the_same_bits_for_any_thread_count():
    torch.manual_seed(0)
    faces, bary = torch.randint(0, 200, (20000,)), torch.rand(20000, 3)
    weight, threads = torch.randn(20000, 3), torch.get_num_threads()
    grads = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            attributes = torch.ones(600, 3, requires_grad=True)
            (interpolate_corners(faces, bary, attributes, None) * weight).sum().backward()
            grads.append(attributes.grad)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(grads[0], grads[1])
    assert torch.equal(grads[0], grads[2])
