"""`maquette convert`: official weights to a weights file, or one line and nothing left behind."""

import os

import pytest

from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.training.weights_header import read_weights_header
from official_stylegan2 import official_content, write_official

TINY = NetworkConfig(variant="original", size=8, width=2**-8, channel_max=8, z_dim=6, w_dim=5)


@pytest.fixture
def content():
    return official_content(fresh_network(TINY, 0), fresh_network(TINY, 1))


def test_from_a_pickle_to_a_weights_file(maquette, content, tmp_path) -> None:
    source, out = write_official(tmp_path / "cats.pkl", content), tmp_path / "cats.safetensors"
    ran = maquette("convert", "stylegan2", source, "-o", out, "--json", "-")
    assert ran.code == 0, ran.err
    numbers = ran.json()
    assert (numbers["system"], numbers["kept"], numbers["left_out"]) == ("stylegan2", ["G_ema"], ["G", "D"])
    assert numbers["bytes"] == out.stat().st_size
    assert numbers["network"]["size"] == 8
    assert "G_ema, without G and D, " in ran.err
    header = read_weights_header(out, "stylegan2")
    assert header.variant == "original"
    assert header.config["training"]["origin"] == "cats.pkl"
    assert header.config["training"]["sha256"] == numbers["source_sha256"]


def test_with_the_discriminator_and_quietly(maquette, content, tmp_path) -> None:
    source = write_official(tmp_path / "cats.pkl", content)
    words = ("convert", "stylegan2", source, "-o", tmp_path / "o.safetensors", "--keep", "G+D", "--quiet")
    ran = maquette(*words)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert read_weights_header(tmp_path / "o.safetensors").config["training"]["networks"] == ["G", "D"]


class Hostile:
    def __reduce__(self):
        return os.system, ("touch mark",)


def half(path, content):
    write_official(path, content)
    path.write_bytes(path.read_bytes()[:5000])


BAD = {
    lambda path, content: write_official(
        path, {**content, "hook": Hostile()}
    ): "holds posix.system, which could run",
    half: "a broken pickle, or none",
    lambda path, content: write_official(path, {"G": content["G"]}): "holds no network G_ema, only G",
    lambda path, content: write_official(path, {}): "holds no network G_ema",
    lambda path, content: path.write_text("<html>404</html>"): "not a pickle, as official networks",
    lambda path, content: path.write_bytes(
        b"\x80\x03cdnnlib.tflib.network\nNetwork\n)\x81."
    ): "is of StyleGAN for TensorFlow; legacy.py",
}


@pytest.mark.parametrize(("write", "said"), BAD.items())
def test_bad_files_are_refused_in_one_line(maquette, content, tmp_path, monkeypatch, write, said) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pkl"
    write(path, content)
    ran = maquette("convert", "stylegan2", path, "-o", tmp_path / "out.safetensors")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"maquette: {path}: {said}")
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_places_and_words_are_checked_first(maquette, content, tmp_path) -> None:
    source, out = write_official(tmp_path / "cats.pkl", content), tmp_path / "o.safetensors"
    assert maquette("convert", "stylegan2", tmp_path / "none.pkl", "-o", out).code == 3
    assert maquette("convert", "stylegan2", source, "-o", tmp_path / "o.pkl").code == 3
    assert maquette("convert", "stylegan2", source, "-o", out, "--json", source).code == 3
    ran = maquette("convert", "stylegan2", source, "-o", out, "--keep", "D")
    assert ran.code == 2
    assert "known are G_ema (the averaged generator, for pictures); G_ema+D (" in ran.err
    ran = maquette("convert", "r2n2", source, "-o", out)
    assert ran.code == 2
    assert "no system 'r2n2' reads official weights; known are stylegan2" in ran.err
    assert list(tmp_path.iterdir()) == [source]
