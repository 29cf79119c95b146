import shutil
import subprocess
from pathlib import Path

import pytest

from maquette.data.manifest import read_manifest, verify_manifest, write_manifest
from maquette.io.errors import BadInput

NAMES = ("a.txt", "deep/er/b.bin", "with  two spaces", "back\\slash", "line\nend", "page\x0cend\u2028")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*NAMES, ".hidden"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    write_manifest(tmp_path)
    return tmp_path


def test_lists_all_files_and_finds_nothing_wrong(folder: Path) -> None:
    assert set(read_manifest(folder)) == set(NAMES)
    assert verify_manifest(folder) == []
    first = (folder / "SHA256SUMS").read_bytes()
    write_manifest(folder)
    assert (folder / "SHA256SUMS").read_bytes() == first


def test_lines_may_end_as_on_windows_and_names_may_be_impossible(folder: Path) -> None:
    path = folder / "SHA256SUMS"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"0" * 64 + b"  no\0name\n")
    assert [problem.reason for problem in verify_manifest(folder)] == ["embedded null byte"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_sha256sum_reads_it(folder: Path) -> None:
    ran = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr


def test_names_what_changed_and_what_is_gone(folder: Path) -> None:
    (folder / "a.txt").write_text("other")
    (folder / "deep/er/b.bin").unlink()
    (folder / "new").write_text("not listed")
    assert [(Path(p.path).name, p.reason) for p in verify_manifest(folder)] == [
        ("a.txt", "has changed: its SHA-256 is not that of the manifest"),
        ("b.bin", "is missing"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense\n", "line 1: not of the form"),
        ("0" * 64 + "  ../out\n", "line 1: ../out lies outside the folder"),
        ("0" * 64 + "  /etc/passwd\n", "lies outside"),
        ("0" * 64 + "  a.txt\nabc  a.txt\n", "line 2"),
        ("", "empty"),
    ],
)
def test_malformed(folder: Path, text: str, reason: str) -> None:
    (folder / "SHA256SUMS").write_text(text)
    with pytest.raises(BadInput, match="SHA256SUMS") as caught:
        verify_manifest(folder)
    assert reason in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        verify_manifest(tmp_path)
    with pytest.raises(BadInput, match="cannot be summed up"):
        write_manifest(tmp_path / "gone")
