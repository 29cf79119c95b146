"""Graph convolution: golden values, the plain version, types and errors."""

import pytest
import torch

from maquette.ops import GraphConv
from maquette.ops.graph_conv import gather_scatter, gather_scatter_python
from mesh_shapes import golden


def test_golden():
    data = golden("layers")
    layer = GraphConv(5, 4)
    layer.load_state_dict(
        {f"{w}.{kind}": data[f"gc_{kind[0]}{w[1]}"] for w in ("w0", "w1") for kind in ("weight", "bias")}
    )
    out = layer(data["gc_x"], data["gc_edges"])
    torch.testing.assert_close(out, data["gc_out"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("directed", [False, True])
def test_gather_scatter_matches_the_plain_version(directed):
    x, edges = torch.randn(30, 7, requires_grad=True), torch.randint(0, 30, (80, 2))
    out, plain = gather_scatter(x, edges, directed), gather_scatter_python(x, edges, directed)
    torch.testing.assert_close(out, plain)
    weight = torch.randn(30, 7)
    grads = [torch.autograd.grad((y * weight).sum(), x)[0] for y in (out, plain)]
    torch.testing.assert_close(*grads)


def test_edges_changed_in_place_are_noticed():
    x, edges = torch.randn(5, 2), torch.tensor([[0, 1], [1, 2]])
    gather_scatter(x, edges)
    edges[0, 1] = 4
    torch.testing.assert_close(gather_scatter(x, edges), gather_scatter_python(x, edges))


def test_gradcheck_once_and_twice():
    layer = GraphConv(2, 3).double()
    edges = torch.tensor([[0, 1], [1, 2], [3, 1]])
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: layer(v, edges), x)
    assert torch.autograd.gradgradcheck(lambda v: layer(v, edges).sin(), x)


def test_no_edges_and_no_vertices():
    layer = GraphConv(3, 2)
    x = torch.randn(4, 3)
    torch.testing.assert_close(layer(x, torch.zeros(0, 2, dtype=torch.int64)), layer.w0(x))
    assert layer(torch.zeros(0, 3), torch.zeros(0, 2, dtype=torch.int64)).shape == (0, 2)


def test_autocast():
    layer, edges = GraphConv(4, 4), torch.tensor([[0, 1], [1, 2]])
    x = torch.randn(3, 4)
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(x, edges)
    torch.testing.assert_close(out.float(), layer(x, edges), rtol=0.05, atol=0.01)


def test_initialisation_and_repr():
    assert repr(GraphConv(32, 64, directed=True)) == "GraphConv(32 -> 64, directed=True)"
    zero = GraphConv(3, 3, init="zero")
    assert zero.w0.weight.abs().sum() == zero.w1.weight.abs().sum() == 0
    with pytest.raises(ValueError, match="initialization"):
        GraphConv(3, 3, init="other")


def test_errors():
    x, edges = torch.randn(4, 3), torch.tensor([[0, 1]])
    for bad_x, bad_edges, words in [
        (x[None], edges, "2 dimensions"),
        (x, edges[0], "2 dimensions"),
        (x, torch.zeros(1, 3, dtype=torch.int64), "num_edges, 2"),
        (x.double(), edges, "float32"),
        (x, edges.int(), "int64"),
    ]:
        with pytest.raises(ValueError, match=words):
            gather_scatter(bad_x, bad_edges)
