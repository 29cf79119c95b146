"""Stored values of Mesh R-CNN's released code (branch Pix3D), and the formula by which its weights are filled."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maquette.structures import Meshes
from mesh_shapes import GOLDEN

_MODULUS = 1_000_003


def pix3d_golden(name: str) -> dict[str, Any]:
    """Arrays of a file: tensors, or arrays of words."""
    with np.load(GOLDEN / "mesh_rcnn" / f"pix3d_{name}.npz") as file:
        return {key: _tensor(value) for key, value in file.items()}


def ramp(count: int, k: int) -> np.ndarray:
    """`count` numbers in [-1, 1], in no obvious order."""
    j = np.arange(count, dtype=np.int64) % _MODULUS
    return 2 * ((j * j * 524287 + j * 7919 + k * 104729) % _MODULUS) / _MODULUS - 1


def pattern(shape: tuple[int, ...], k: int, scale: float = 1.0, base: float = 0.0) -> Tensor:
    """A tensor of the ramp's numbers."""
    return torch.from_numpy((base + scale * ramp(int(np.prod(shape)), k)).astype(np.float32)).view(*shape)


def stored_weights(data: dict[str, Any], prefix: str) -> dict[str, Tensor]:
    """The weights of a module, by their published names."""
    columns = [data[f"{prefix}/weights_{name}"] for name in ("names", "shapes", "k", "scale", "base")]
    return {
        str(name): pattern(_shape(str(shape)), int(k), float(scale), float(base))
        for name, shape, k, scale, base in zip(*columns, strict=True)
    }


def assert_gradients(data: dict[str, Any], prefix: str, grads: dict[str, Tensor], tolerance: float) -> None:
    """Compare gradients by published name: their norms, first numbers, and products with a ramp."""
    names = [str(name) for name in data[f"{prefix}/grad_names"]]
    assert set(names) == set(grads)
    for i, name in enumerate(names):
        flat = grads[name].flatten().double()
        norm = float(data[f"{prefix}/grad_norm"][i])
        heads = data[f"{prefix}/grad_head"][i][: len(flat)].double()
        dot = float(flat @ torch.from_numpy(ramp(len(flat), 900_000 + i)))
        assert abs(float(flat.norm()) - norm) <= tolerance * norm, name
        assert (flat[: len(heads)] - heads).abs().max() <= tolerance * max(norm, 1e-12), name
        assert abs(dot - float(data[f"{prefix}/grad_dot"][i])) <= tolerance * norm * len(flat) ** 0.5, name


def fill(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """Give a module weights under its own names; all of them."""
    own = module.state_dict()
    module.load_state_dict({name: weights[name].view_as(own[name]) for name in own})


def mesh_of(data: dict[str, Any], *prefixes: str) -> Meshes:
    """A batch of stored meshes."""
    return Meshes([data[f"{p}verts"] for p in prefixes], [data[f"{p}faces"].long() for p in prefixes])


def stored_draws(data: dict[str, Any], prefix: str) -> Any:
    """In place of random points: those that were drawn, the true mesh's first."""
    calls = iter(range(4))

    def sample(meshes: Meshes, count: int, return_normals: bool) -> tuple[Tensor, Tensor]:
        i = next(calls)
        face, (u, v) = data[f"{prefix}/draw{i}/face"].long(), data[f"{prefix}/draw{i}/uv"]
        points, normals = [], []
        for k, (verts, faces) in enumerate(zip(meshes.verts_list(), meshes.faces_list(), strict=True)):
            a, b, c = verts[faces[face[k]]].unbind(1)
            root = u[k].sqrt()[:, None]
            points.append((1 - root) * a + root * (1 - v[k][:, None]) * b + root * v[k][:, None] * c)
            normals.append(torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=1))
        return torch.stack(points), torch.stack(normals)

    return sample


def relative(found: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest number."""
    return float((found.double() - expected.double()).abs().max() / expected.double().abs().max())


def _tensor(value: np.ndarray) -> Any:
    return value if value.dtype.kind in "US" else torch.from_numpy(np.array(value))


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.replace("x", " ").replace(",", " ").split())
