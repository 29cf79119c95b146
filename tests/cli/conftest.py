"""What the tests of commands share: running one in this process, and small files to run it on."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from maquette.cli.main import main
from maquette.io import save_mesh
from maquette.renderer import TexturesVertex
from maquette.utils import ico_sphere
from tiny_frustum import tiny_frustum_weights


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code and what it said."""

    code: int
    out: str
    err: str

    def json(self):
        """What it wrote on stdout, which must be JSON and nothing else."""
        return json.loads(self.out)


def without_compiling(err: str) -> str:
    """Without the notices that kernels are compiled, which only a machine's first run has."""
    return "".join(line for line in err.splitlines(True) if not line.startswith("maquette: compiling"))


@pytest.fixture
def maquette(capfd):
    """Run `maquette WORDS...` in this process."""

    def run(*words) -> Ran:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(code, out, err if code == 3 else without_compiling(err))

    return run


@pytest.fixture
def ball(tmp_path) -> Path:
    """A coloured ball, far from the origin and not of size 1."""
    mesh = ico_sphere(2)
    mesh.textures = TexturesVertex(mesh.verts_padded() * 0.5 + 0.5)
    mesh = mesh.scale_verts(3.0).offset_verts(torch.tensor([10.0, 20.0, -5.0]))
    path = tmp_path / "ball.ply"
    save_mesh(mesh, path)
    return path


@pytest.fixture
def views(maquette, ball, tmp_path) -> Path:
    """A folder of three views of the ball, with cameras.json."""
    words = ("--style", "orbit", "--views", 3, "--size", 48, "--quiet")
    assert maquette("render", ball, "-o", tmp_path / "views", *words).code == 0
    return tmp_path / "views"


@pytest.fixture(scope="session")
def frustum_weights(tmp_path_factory) -> Path:
    """Of a network that is sure of nothing."""
    return tiny_frustum_weights(tmp_path_factory.mktemp("weights") / "frustum.safetensors")
