"""Graph convolution: golden values, the plain version, types and errors."""

import pytest
import torch

from maquette.ops import GraphConv
from maquette.ops.graph_conv import gather_scatter, gather_scatter_python
from mesh_shapes import golden
from operator_contract import OperatorContract

X, EDGES = torch.randn(4, 3), torch.tensor([[0, 1]])


class TestGraphConv(OperatorContract):
    refused = {
        "input can only have 2 dimensions": lambda: gather_scatter(X[None], EDGES),
        "edges can only have 2 dimensions": lambda: gather_scatter(X, EDGES[0]),
        "num_edges, 2": lambda: gather_scatter(X, torch.zeros(1, 3, dtype=torch.int64)),
        "float32": lambda: gather_scatter(X.double(), EDGES),
        "int64": lambda: gather_scatter(X, EDGES.int()),
    }
    degenerate = {
        "no edges": lambda: (torch.randn(4, 3), torch.zeros(0, 2, dtype=torch.int64)),
        "no vertices": lambda: (torch.zeros(0, 3), torch.zeros(0, 2, dtype=torch.int64)),
    }

    def arguments(self, batch, dtype):
        path = torch.tensor([[0, 1], [1, 2], [3, 1]])
        return torch.randn(4 * batch, 3, dtype=dtype), torch.cat([path + 4 * n for n in range(batch)])

    def item(self, arguments, i):
        return arguments[0][4 * i : 4 * i + 4], arguments[1][:3]

    def call(self, verts, edges):
        layers = [GraphConv(3, 2, directed=directed).to(verts) for directed in (False, True)]
        return tuple(layer(verts, edges) for layer in layers)

    def shapes(self, batch):
        return [(4 * batch, 2)] * 2


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
