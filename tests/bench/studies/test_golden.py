"""Every stored value and gradient of PyTorch3D 0.7.9, against what our operators give."""

import functools

import pytest
import torch

from maquette.bench.studies import golden

ARRAYS = [(name, array) for name in golden.FILES for array in golden.load(name)]
rows = functools.cache(lambda name: {row.array: row for row in golden.compare(name)})


@pytest.mark.parametrize(("name", "array"), ARRAYS)
def test_array_agrees(name: str, array: str) -> None:
    row = rows(name)[array]
    assert row.error <= row.allowed, f"{row.kind}: {row.error:.3g} where {row.allowed:g} is allowed"


def test_every_file_is_compared() -> None:
    assert sorted(golden.FILES) == sorted(path.stem for path in golden.GOLDEN.glob("*.npz"))


@pytest.mark.parametrize("name", ["mesh_fox", "mesh_ico2"])
def test_gradients_point_the_same_way(name: str) -> None:
    stored = golden.load(name)
    for array, (kind, ours) in golden.meshes(stored).items():
        if kind == "gradient":
            cosine = torch.nn.functional.cosine_similarity(ours.flatten(), stored[array].flatten(), dim=0)
            assert cosine > 0.99999, array


@pytest.mark.parametrize("kind", ["exact", "index", "value", "gradient", "pixel"])
def test_an_error_is_seen(kind: str) -> None:
    stored = torch.arange(1.0, 7.0)
    assert golden.error(kind, stored.clone(), stored) == 0
    assert golden.error(kind, stored + (torch.arange(6) == 5), stored) > golden.ALLOWED[kind]
    assert golden.error(kind, stored[:5], stored) == float("inf")
