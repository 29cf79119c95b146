"""A result is one line, is saved upright, and shows its preview in a notebook."""

import webbrowser
from base64 import b64decode
from dataclasses import replace
from io import BytesIO

import pytest
import torch
from PIL import Image

from maquette.io import load_mesh
from maquette.lift import Result, upright
from maquette.structures.views import Views
from maquette.utils import ico_sphere


def result(**kwargs) -> Result:
    return Result(ico_sphere(0), "camera", info={"system": "frustum"}, **kwargs)


def test_one_line() -> None:
    assert repr(result()) == "Result(frustum, 12 verts, 20 faces, camera frame)"
    assert repr(result(label="<b>")).startswith("Result(frustum, <b>, 12")


def test_saved_as_the_command_writes_it(tmp_path) -> None:
    made = result()
    made.save(tmp_path / "x.ply")
    saved = load_mesh(tmp_path / "x.ply").verts_packed()
    torch.testing.assert_close(saved, upright(made).verts_packed())
    assert not torch.equal(saved, made.mesh.verts_packed())


def test_seen_in_a_notebook() -> None:
    image = torch.full((3, 32, 32), 0.5)
    made = result(pictures=Views([image]), label="<b>")
    html = made._repr_html_()
    assert "&lt;b&gt;" in html
    picture = Image.open(BytesIO(b64decode(html.split("base64,")[1].split('"')[0])))
    assert picture.size == (5 * 256, 256)


@pytest.mark.parametrize(("size", "height"), [((20, 90), 20), ((20, 320), 10)])
def test_what_a_system_went_by_stands_below(size, height) -> None:
    made = result(pictures=Views([torch.full((3, 32, 32), 0.5)]), aside=torch.zeros(3, *size))
    seen = made.preview(32)
    assert seen.shape == (3, 32 + height, 160)
    assert torch.equal(seen[:, :32], replace(made, aside=None).preview(32))
    assert (seen[:, 32:, : size[1]] == 0).all()
    assert (seen[:, 32:, size[1] :] == 1).all()


def test_shown_as_a_page_that_turns_it(monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    page = result(label="<b>").show()
    try:
        assert opened == [page.as_uri()]
        html = page.read_text("utf-8")
        assert html.count('<canvas class="model"') == html.count("<script>") == 1
        assert "&lt;b&gt;" in html
    finally:
        page.unlink()


def test_without_pictures_there_is_no_preview() -> None:
    assert result()._repr_html_() is None
    with pytest.raises(ValueError, match="needs the pictures"):
        result().preview()
