import sys

NAMES = [
    "families",
    "faces",
    "meshes",
    "pictures",
    "r2n2",
    "shapenetcore",
    "pix3d",
    "3d-future",
    "celeba",
    "synface",
]


def test_lists_all_with_licence_place_and_layout(maquette) -> None:
    ran = maquette("data", "list")
    assert ran.code == 0
    assert [line.split(":")[0] for line in ran.out.splitlines() if line and line[0] != " "] == NAMES
    assert "cvgl.stanford.edu/data2/ShapeNetVox32.tgz" in ran.out
    assert "  size     about 3.6 GB" in ran.out
    assert "  size     not known to us" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 110


def test_one_as_json(maquette) -> None:
    ran = maquette("data", "list", "pix3d", "--json", "-")
    (data,) = ran.json()
    assert (data["name"], data["front"], data["layout"][0]) == ("pix3d", "-Z", "pix3d.json")
    assert data["size"] == "about 3.6 GB"


def test_an_unknown_name_is_refused(maquette) -> None:
    ran = maquette("data", "list", "imagenet")
    assert (ran.code, ran.out) == (2, "")
    assert "no data set 'imagenet'; known are families, faces, meshes" in ran.err


def test_needs_no_torch() -> None:
    import subprocess

    code = "import sys; from maquette.cli.main import main; main(['data', 'list']); assert 'torch' not in sys.modules"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
