"""Products of gathered windows against sums written down; Triton's kernel in its interpreter, and for a GPU."""

import os
import subprocess
import sys

import pytest
import torch

from maquette.kernels import gather_matmul as module
from maquette.kernels.gather_matmul import gather_matmul

SHAPES = [(5, 3, 4, 9, 2), (70, 40, 65, 9, 17), (10, 8, 3, 1, 4), (0, 4, 0, 9, 3), (4, 4, 0, 9, 3)]


def arguments(rows: int, channels: int, items: int, taps: int, out: int) -> tuple[torch.Tensor, ...]:
    windows = torch.randint(0, rows + 1, (items, taps))
    return torch.randn(rows, channels), windows, torch.randn(out, taps * channels)


def twin(rows: torch.Tensor, taps: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    padded = torch.cat([rows, rows.new_zeros(1, rows.shape[1])]).double()
    factors = weight.double().view(len(weight), taps.shape[1], -1)
    return torch.einsum("itc,otc->io", padded[taps], factors)


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    rows, taps, weight = arguments(*shape)
    leaves = [x.requires_grad_() for x in (rows, weight)]
    wanted = twin(rows, taps, weight)
    grads = torch.autograd.grad(wanted.sum(), leaves)
    for values in (1 << 24, 1000):  # whole, and some items at a time
        monkeypatch.setattr(module, "_WINDOW_VALUES", values)
        found = gather_matmul(rows, taps, weight)
        torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-4)
        for mine, theirs in zip(torch.autograd.grad(found.sum(), leaves), grads, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


INTERPRETED = """
import torch
from maquette.kernels.gather_matmul_triton import on_tensor_cores
from tests.kernels.test_gather_matmul import SHAPES, arguments, twin
for shape in SHAPES:
    rows, taps, weight = arguments(*shape)
    found = on_tensor_cores(rows, taps, weight)
    torch.testing.assert_close(found.double(), twin(rows, taps, weight), rtol=1e-5, atol=1e-4)
print("equal")
"""


@pytest.mark.slow
@pytest.mark.skipif(not module.has_triton(), reason="Triton is not installed")
def test_the_kernel_of_triton_in_its_interpreter() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["equal"], done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not module.has_triton(), reason="Triton is not installed")
@pytest.mark.parametrize("kind", ["fp32", "bf16"])
def test_the_kernel_of_triton_compiles_for_tensor_cores(kind: str) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    from maquette.kernels import gather_matmul_triton

    pointers = dict.fromkeys(("rows", "weight", "found"), f"*{kind}")
    numbers = dict.fromkeys(("count", "items", "width", "channels", "out"), "i32")
    blocks = {"BLOCK_ITEMS": 64, "BLOCK_OUT": 64, "BLOCK_CHANNELS": 32}
    signature = {
        "rows": pointers["rows"],
        "taps": "*i32",
        "weight": pointers["weight"],
        "found": pointers["found"],
    }
    signature |= numbers | dict.fromkeys(blocks, "constexpr")
    source = ASTSource(gather_matmul_triton._gather_matmul, signature, blocks)
    assert "mma" in compile(source, target=GPUTarget("cuda", 80, 32)).asm["ptx"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_on_a_gpu(dtype: torch.dtype) -> None:
    for shape in SHAPES:
        rows, taps, weight = (x.cuda() for x in arguments(*shape))
        rows, weight = (x.to(dtype) for x in (rows, weight))
        found, wanted = gather_matmul(rows, taps, weight), twin(rows, taps, weight)
        near = 1e-4 if dtype == torch.float32 else 3e-2
        torch.testing.assert_close(found.double(), wanted, rtol=near, atol=near)
