"""What the repository's documents point to is there."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_FILES = subprocess.run(
    ("git", "ls-files"), cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\n")
DOCUMENTS = [name for name in _FILES if name.endswith(".md")]


@cache
def anchors(document: Path) -> set[str]:
    """What `#...` behind the document's name may say: its headings, as the web shows them."""
    headings = re.findall(r"^#+ +(.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = ROOT / name
    lost = []
    for link in _LINK.findall(_CODE.sub("", document.read_text())):
        if "://" in link:
            continue
        path, _, anchor = unquote(link).partition("#")
        target = document.parent / path if path else document
        known = target.is_file() or target.is_dir()
        if not known or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


def test_there_are_documents_with_links() -> None:
    assert len(DOCUMENTS) > 30
    assert any(_LINK.search((ROOT / name).read_text()) for name in DOCUMENTS)
