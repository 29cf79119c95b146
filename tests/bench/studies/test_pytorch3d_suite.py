"""The runner of PyTorch3D's tests: what it imports, how it sorts failures, which random numbers it draws."""

import importlib
import json
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.bench.studies import pytorch3d_alias, pytorch3d_suite
from maquette.bench.studies.cuda_random import cuda_random, philox
from maquette.ops import knn_points
from maquette.utils import ico_sphere


@pytest.fixture
def aliases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`import pytorch3d` is answered while the test runs."""
    monkeypatch.setattr(sys, "meta_path", [pytorch3d_alias.AliasFinder(), *sys.meta_path])
    yield
    for name in list(sys.modules):
        if name.partition(".")[0] == "pytorch3d":
            del sys.modules[name]


@pytest.mark.usefixtures("aliases")
def test_names_are_ours_or_placeholders() -> None:
    ops = importlib.import_module("pytorch3d.ops.knn")
    assert ops.knn_points is knn_points
    importlib.import_module("pytorch3d.utils.ico_sphere")
    assert importlib.import_module("pytorch3d.utils").ico_sphere is ico_sphere
    implicit = importlib.import_module("pytorch3d.renderer.implicit")
    assert not isinstance(3, implicit.VolumeRenderer)
    with pytest.raises(pytorch3d_alias.NotOffered, match=r"renderer\.implicit\.VolumeRenderer"):
        implicit.VolumeRenderer()
    with pytest.raises(pytorch3d_alias.NotOffered):
        types.new_class("Own", (implicit.VolumeRenderer,))()


@pytest.mark.parametrize(
    ("error", "text", "expected"),
    [
        ("NotOffered", "pytorch3d._C.gather_scatter", "private"),
        ("NotOffered", "pytorch3d.renderer.mesh.rasterize_meshes.rasterize_meshes_python", "private"),
        ("NotOffered", "pytorch3d.renderer.implicit.VolumeRenderer", "not offered"),
        ("AttributeError", "'Meshes' object has no attribute '_secret'", "private"),
        ("AttributeError", "'Meshes' object has no attribute 'extend'", "differs"),
        ("RuntimeError", "Found no NVIDIA driver on your system.", "CUDA"),
        ("FileNotFoundError", "cow.png", "data"),
        ("AssertionError", "Not close", "differs"),
    ],
)
def test_failures_are_sorted(error: str, text: str, expected: str) -> None:
    record = {"test": "TestX::test_y", "outcome": "failed", "error": error, "text": text}
    assert pytorch3d_suite.classify(record).reason == expected


def test_a_test_that_never_ended_has_failed(tmp_path: Path) -> None:
    lines = [
        {"collected": ["A::a", "A::b"]},
        {"test": "A::a", "outcome": "passed", "error": None, "text": None},
    ]
    path = tmp_path / "outcomes.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    ended = {test.name: (test.outcome, test.reason) for test in pytorch3d_suite.read(path)}
    assert ended == {"A::a": ("passed", ""), "A::b": ("failed", "differs")}


@pytest.mark.slow
def test_a_module_runs_with_ours_in_place_of_pytorch3d(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    source = """
        import pytest, torch
        from pytorch3d.renderer import VolumeRenderer
        from pytorch3d.utils import ico_sphere

        def test_ours(): assert len(ico_sphere(0).verts_packed()) == 12
        def test_absent(): VolumeRenderer()
        def test_wrong(): assert torch.ones(1) == 2
        @pytest.mark.skip
        def test_not_run(): pass
        """
    (tmp_path / "tests" / "test_small.py").write_text(textwrap.dedent(source))
    tests = pytorch3d_suite.run("test_small", tmp_path, tmp_path)
    ended = {test.name: (test.outcome, test.reason) for test in tests}
    assert ended == {
        "test_ours": ("passed", ""),
        "test_absent": ("failed", "not offered"),
        "test_wrong": ("failed", "differs"),
        "test_not_run": ("skipped", "skipped"),
    }
    assert pytorch3d_suite.counts(tests) == {"tests": 4, "passed": 1, "failed": 1, "skipped": 1}


def test_devices_are_renamed(tmp_path: Path) -> None:
    (tmp_path / "in" / "tests").mkdir(parents=True)
    source = 'torch.device("cuda:0"); x.cuda()\ntorch.cuda.synchronize()\nd = "cuda:1"\n'
    (tmp_path / "in" / "tests" / "test_a.py").write_text(source)
    pytorch3d_suite.copy_checkout(tmp_path / "in", tmp_path / "out")
    copied = (tmp_path / "out" / "tests" / "test_a.py").read_text()
    assert copied == 'torch.device("cpu"); x.cpu()\nNone\nd = "cuda:1"\n'


def test_a_table_replaces_the_old_one() -> None:
    begin, end = pytorch3d_suite.MARKS
    page = f"a\n{begin}\nold\n{end}\nb\n"
    assert pytorch3d_suite.with_table(page, "new") == f"a\n{begin}\n\nnew\n\n{end}\nb\n"


def test_philox_gives_the_published_answers() -> None:
    ones = np.uint64(0xFFFFFFFF)
    assert int(philox((0, 0, 0, 0), 0)) == 0x6627E8D5
    assert int(philox((ones, ones, ones, ones), 2**64 - 1)) == 0x408F276D


def test_random_numbers_are_drawn_anew_from_a_seed() -> None:
    with cuda_random():
        torch.manual_seed(1)
        first, second = torch.rand(2, 3), torch.rand_like(torch.zeros(2, 3))
        torch.manual_seed(1)
        again = torch.rand(size=(2, 3))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert 0 <= first.min() <= first.max() < 1
