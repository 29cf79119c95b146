"""What the repository's documents point to is part of it."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"`[^`\n]*`")
_HELD = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=False)
FILES = {ROOT / name for name in _HELD.stdout.split("\0") if name}  # none outside a checkout
FOLDERS = {folder for file in FILES for folder in file.parents}
DOCUMENTS = sorted(str(file.relative_to(ROOT)) for file in FILES if file.suffix == ".md")


@cache
def anchors(document: Path) -> set[str]:
    """What `#...` behind the document's name may say: its headings, as the web shows them."""
    headings = re.findall(r"^#+ +(.+)$", _FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.skipif(not FILES, reason="no checkout")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document, lost = ROOT / name, []
    for link in _LINK.findall(_QUOTED.sub("", _FENCED.sub("", document.read_text()))):
        if "://" in link:
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        if target not in FILES | FOLDERS or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


@pytest.mark.skipif(not FILES, reason="no checkout")
def test_modules_in_tables_are_there() -> None:
    """The first column of a system's table of files names what stands beside the table."""
    lost = []
    for document in (ROOT / "src/maquette/systems").rglob("README.md"):
        for row in re.findall(r"^\| (`[\w/]+\.py`[^|]*)\|", document.read_text(), re.MULTILINE):
            for name in re.findall(r"`([\w/]+\.py)`", row):
                places = (document.parent, ROOT / "src/maquette")
                lost += [] if any((place / name) in FILES for place in places) else [f"{document}: {name}"]
    assert not lost


@pytest.mark.skipif(not FILES, reason="no checkout")
def test_there_are_documents_with_links() -> None:
    assert len(DOCUMENTS) > 30
    assert any(_LINK.search((ROOT / name).read_text()) for name in DOCUMENTS)
