"""`maquette info`: numbers of published networks and of weights files."""

import hashlib
import subprocess
import sys

import pytest

from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2


def test_a_published_network(maquette) -> None:
    ran = maquette("info", "r2n2", "--variant", "simple-gru-3", "--json", "-")
    assert ran.code == 0
    numbers = ran.json()
    assert (numbers["system"], numbers["variant"]) == ("r2n2", "simple-gru-3")
    assert numbers["parameters"]["total"] == sum(numbers["parameters"]["modules"].values()) == 32_207_266
    decoder = sum(count for name, count in numbers["module_macs"].items() if name.startswith("decoder"))
    assert 3.0e9 < decoder < 3.1e9
    assert numbers["macs"] == sum(numbers["module_macs"].values())
    assert numbers["shapes"]["images"] == [1, 1, 3, 127, 127]
    assert numbers["shapes"]["decoder"] == [1, 2, 32, 32, 32]
    assert "32,207,266 parameters" in ran.err


def test_a_weights_file(maquette, tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    system = R2N2(R2N2Network(NetworkConfig(variant="residual-lstm-1", width=0.0625, size=32)), threshold=0.3)
    system.save(path)
    for place in (path, tmp_path):
        ran = maquette("info", "r2n2", "--weights", place, "--json", "-", "--quiet")
        assert (ran.code, ran.err) == (0, "")
        numbers = ran.json()
        assert (numbers["variant"], numbers["threshold"]) == ("residual-lstm-1", 0.3)
        assert numbers["parameters"]["total"] == sum(p.numel() for p in system.network.parameters())
        assert numbers["shapes"]["images"] == [1, 1, 3, 32, 32]
        assert numbers["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"SHA-256 {numbers['sha256']}" in maquette("info", "r2n2", "--weights", path).out
    ran = maquette("info", "r2n2", "--weights", path, "--variant", "simple-gru-3")
    assert ran.code == 3
    assert "variant residual-lstm-1, not of simple-gru-3" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("r3n3",), 2, "there is no system 'r3n3'; known are r2n2"),
        (("r2n2", "--variant", "gru"), 2, "--variant gru: known are simple-gru-1"),
        (("r2n2", "--weights", "none.safetensors"), 3, "no such file"),
        (("r2n2", "--json", "/dev/null/x.json"), 3, "/dev/null is a file"),
    ],
)
def test_what_is_refused(maquette, words, code: int, said: str) -> None:
    ran = maquette("info", *words)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_neither_fabric_nor_kernels_are_loaded() -> None:
    script = (
        "import sys; from maquette.systems import system_class; system_class('r2n2').describe('simple-gru-1'); "
        "print([name for name in ('lightning_fabric', 'warp', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
