"""Feature sampling: golden values, agreement with grid_sample, forms of input, errors."""

import pytest
import torch
from torch.nn.functional import grid_sample

from maquette.ops import vert_align
from mesh_shapes import golden, mixed_batch
from operator_contract import OperatorContract

MAPS = torch.rand(2, 3, 4, 4)


class TestVertAlign(OperatorContract):
    refused = {
        "3 dimensional": lambda: vert_align(MAPS, torch.rand(5, 3)),
        "points_padded": lambda: vert_align(MAPS, [1, 2]),
        "feats must have shape": lambda: vert_align(MAPS[0], torch.rand(2, 5, 3)),
        "batch dimension": lambda: vert_align(MAPS, torch.rand(3, 5, 3)),
    }
    degenerate = {"no vertices": lambda: (torch.rand(2, 3, 4, 4), torch.zeros(2, 0, 3))}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 2, 3, 4, dtype=dtype), 1.8 * torch.rand(batch, 5, 3, dtype=dtype) - 0.9

    def call(self, feats, verts):
        return vert_align(feats, verts)

    def shapes(self, batch):
        return [(batch, 5, 2)]


def twin(feats, verts, mode, padding, align):
    return grid_sample(feats, verts[:, None, :, :2], mode, padding, align).squeeze(2).transpose(1, 2)


@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("align", [False, True])
def test_golden(padding, align):
    data = golden("layers")
    out = vert_align(data["feature_maps"], data["verts"], padding_mode=padding, align_corners=align)
    torch.testing.assert_close(out, data[f"vert_align_{padding}_align{int(align)}"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_values_and_gradients_match_grid_sample(mode, padding, align):
    feats = torch.randn(2, 3, 5, 7, requires_grad=True)
    verts = (1.5 * torch.randn(2, 40, 3)).requires_grad_()
    weight = torch.randn(2, 40, 3)
    out = vert_align(feats, verts, False, mode, padding, align)
    expected = twin(feats.double(), verts.double(), mode, padding, align)
    torch.testing.assert_close(out.double(), expected, rtol=1e-4, atol=1e-5)
    for leaf in (feats, verts):
        grad, grad_expected = (
            torch.autograd.grad((x * weight).sum(), leaf, retain_graph=True)[0] for x in (out, expected)
        )
        assert (grad - grad_expected).norm() <= 1e-4 * grad_expected.norm()


def test_positions_far_off_infinite_or_nan_give_no_garbage():
    verts = torch.tensor([[[1e30, 0, 0], [-1e30, 0, 0], [1e9, 1e9, 0]]], requires_grad=True)
    out = vert_align(torch.rand(1, 2, 4, 4), verts)
    out.sum().backward()
    assert torch.equal(out, torch.zeros(1, 3, 2))
    assert verts.grad.isfinite().all()


def test_several_maps_are_concatenated_and_batches_packed():
    meshes = mixed_batch()
    maps = [torch.rand(4, 3, 5, 5), torch.rand(4, 2, 8, 6)]
    padded = vert_align(maps, meshes)
    assert padded.shape == (4, 12, 5)
    torch.testing.assert_close(padded[..., 3:], vert_align(maps[1], meshes.verts_padded()))
    packed = vert_align(maps, meshes, return_packed=True)
    torch.testing.assert_close(packed, padded.view(-1, 5)[meshes.verts_padded_to_packed_idx()])
