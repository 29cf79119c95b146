"""Every kernel also compiles for CUDA: Warp brings the compiler along, so no GPU is needed to know."""

import importlib
import pkgutil
import sys
from pathlib import Path

import pytest
import warp as wp

from maquette import kernels
from maquette.kernels.loading import start_warp

LONG = {"draw"}  # takes seconds to compile
MODULES = [
    pytest.param(module.name, marks=[pytest.mark.slow] if module.name in LONG else [])
    for module in pkgutil.iter_modules(kernels.__path__)
]


@pytest.mark.skipif(sys.platform == "darwin", reason="Warp has no CUDA compiler there")
@pytest.mark.parametrize("name", MODULES)
def test_kernels_compile_for_cuda(name: str, tmp_path: Path) -> None:
    if name.endswith("_triton"):
        pytest.importorskip("triton")  # comes with torch for CUDA alone
    module = importlib.import_module(f"maquette.kernels.{name}")
    if not any(isinstance(value, wp.Kernel) for value in vars(module).values()):
        return  # helpers alone
    start_warp()
    wp.compile_aot_module(module, arch=80, module_dir=tmp_path, use_ptx=True)
    (text,) = tmp_path.glob("*.ptx")
    assert ".entry" in text.read_text()
