"""Reference values of dynconv (thomasverelst/dynconv 19e4c583), and weights filled by their formula."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from maquette.nn.dynamic import Gate

FOLDER = Path(__file__).parents[2] / "golden" / "dynconv"


class Golden:
    """Arrays of one file below a prefix, as tensors."""

    def __init__(self, file: str, prefix: str = "", arrays: dict | None = None) -> None:
        self.arrays = dict(np.load(FOLDER / f"dynconv_{file}.npz")) if arrays is None else arrays
        self.prefix = prefix

    def under(self, name: str) -> "Golden":
        return Golden("", f"{self.prefix}{name}/", self.arrays)

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(np.asarray(self.arrays[self.prefix + name]))

    def words(self, name: str) -> list[str]:
        return self.arrays[self.prefix + name].tolist()

    def __contains__(self, name: str) -> bool:
        return self.prefix + name in self.arrays


def ramp(count: int, k: int) -> np.ndarray:
    j = np.arange(count, dtype=np.int64) % 1000003
    return 2 * ((j * j * 524287 + j * 7919 + k * 104729) % 1000003) / 1000003 - 1


def pattern(like: Tensor, k: int) -> Tensor:
    return torch.from_numpy(ramp(like.numel(), int(k)).astype(np.float32)).view_as(like)


def fill(module: nn.Module, golden: Golden) -> None:
    """Weights by formula; every parameter and statistic of the module is named there, in its shape."""
    state = {name: x for name, x in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    columns = (golden[f"weights_{column}"].tolist() for column in ("k", "scale", "base"))
    names, shapes = golden.words("weights_names"), golden.words("weights_shapes")
    assert sorted(names) == sorted(state)
    for name, shape, k, scale, base in zip(names, shapes, *columns, strict=True):
        assert "x".join(map(str, state[name].shape)) == shape
        values = (base + scale * ramp(state[name].numel(), k)).astype(np.float32)
        state[name].copy_(torch.from_numpy(values).view_as(state[name]))


def use_uniform(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uniform numbers of the mask unit are the stored ones."""
    stored = iter([golden["u1_0"], golden["u2_0"]])
    monkeypatch.setattr(torch, "rand_like", lambda like: next(stored))


def close(found: Tensor, wanted: Tensor, relative: float = 1e-5) -> None:
    """Equal but for this share of the largest number."""
    assert found.shape == wanted.shape
    assert float((found.detach() - wanted).abs().max()) <= relative * float(wanted.abs().max())


def same_gradients(module: nn.Module, golden: Golden) -> None:
    """Norm, first entries and product with a pattern of every parameter's gradient."""
    parameters = dict(module.named_parameters())
    names = golden.words("grad_names")
    assert sorted(names) == sorted(parameters)
    for i, name in enumerate(names):
        grad = parameters[name].grad.double().flatten()
        norm = float(golden["grad_norm"][i])
        assert abs(float(grad.norm()) - norm) <= 1e-4 * norm, name
        product = float(grad @ torch.from_numpy(ramp(len(grad), 900000 + i)))
        assert abs(product - float(golden["grad_dot"][i])) <= 1e-4 * norm * len(grad) ** 0.5, name
        head = golden["grad_head"][i][: len(grad)]
        assert float((grad[:8] - head).abs().max()) <= 1e-4 * norm, name


def counts(gate: Gate) -> list[float]:
    """Active positions, positions, MACs at each; then the same of the dilated ones."""
    return [
        *(float(gate.hard.detach().sum()), gate.hard.numel(), gate.macs),
        *(float(gate.dilated.sum()), gate.dilated.numel(), gate.macs_dilated),
    ]
