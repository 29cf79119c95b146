"""Pages of one file: HTML with its style and pictures inside, for light and dark screens."""

import base64
import html
from collections.abc import Iterable, Sequence
from os import PathLike

from jaxtyping import Float
from torch import Tensor

from ..io.atomic import replacing
from ..io.image_files import png_bytes

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --card: #ffffff; --ink: #1d2125; --soft: #666d75;
  --line: #e2e3df; --accent: #2f6fbb; --bar: #2f6fbb33; --good: #2e8b57; --bad: #c8501e; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --card: #1d2125; --ink: #e8e8e4; --soft: #9aa1a8;
  --line: #30353a; --accent: #7fb2ee; --bar: #7fb2ee33; --good: #66c596; --bad: #f08a5d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 72px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 20px; margin: 48px 0 4px; }
p { margin: 4px 0 12px; max-width: 75ch; }
.soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 16px 0 0; padding: 0; list-style: none; }
.facts b { color: var(--soft); font-weight: 500; margin-right: 6px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 28px 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.tile .name { color: var(--soft); font-size: 14px; }
.tile .value { font-size: 30px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.25; }
.tile .more { color: var(--soft); font-size: 13px; }
.cases { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 12px; margin: 8px 0 20px; }
.case { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px; display: grid;
  grid-template-columns: 1fr 1fr 1fr; gap: 8px; }
.case img { width: 100%; border-radius: 6px; display: block; background: #fff; }
.case figure { margin: 0; min-width: 0; }
.case figcaption { font-size: 12px; color: var(--soft); padding: 1px 2px; }
.models { grid-column: 1 / -1; display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
.models canvas { width: 100%; aspect-ratio: 1; border-radius: 6px; background: #fff; cursor: grab;
  touch-action: none; }
.case .inputs { display: grid; grid-template-columns: 1fr; gap: 3px; }
.case .inputs.many { grid-template-columns: 1fr 1fr; }
.case .about { align-self: center; padding: 0 4px; min-width: 0; overflow-wrap: anywhere; font-size: 13px;
  line-height: 1.35; }
.case .about b { display: block; font-size: 26px; font-variant-numeric: tabular-nums; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 12px; }
.plots img, .wide img { width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--line); }
td { text-align: right; border-bottom: 1px solid var(--line); }
th, td { padding: 5px 10px; white-space: nowrap; }
tr.over th { text-align: center; border-bottom: none; padding-bottom: 0; color: var(--ink); }
th:first-child, td:first-child { text-align: left; padding-left: 2px; }
td.bar { background: linear-gradient(to right, var(--bar) var(--share), transparent var(--share)); }
.good { color: var(--good); } .bad { color: var(--bad); }
.swatch { white-space: nowrap; margin-left: 12px; }
.swatch i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: 5px; }
.note { border-left: 3px solid var(--bad); padding: 2px 14px; margin: 20px 0; }
.note ul { margin: 4px 0; padding-left: 20px; }
footer { margin-top: 56px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 13px; }
"""


def page(title: str, body: Sequence[str], foot: str) -> str:
    """A whole HTML file.

    Args:
        title: of the window, plain text.
        body: pieces of HTML.
        foot: last line, plain text.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title><style>{_STYLE}</style></head><body><main>",
            *body,
            f"<footer>{text(foot)}</footer></main></body></html>\n",
        ]
    )


def text(value: object) -> str:
    """Plain text for HTML; halves of characters, which UTF-8 does not have, as escapes."""
    return html.escape(str(value)).encode("utf-8", "backslashreplace").decode("utf-8")


def facts(pairs: Sequence[tuple[str, object]]) -> str:
    """Names and values in one line that wraps."""
    rows = "".join(f"<li><b>{text(name)}</b>{text(value)}</li>" for name, value in pairs)
    return f'<ul class="facts">{rows}</ul>'


def tiles(cells: Sequence[tuple[str, str, str]]) -> str:
    """Large numbers: (name, value, what else to know)."""
    rows = "".join(
        f'<div class="tile"><div class="name">{text(name)}</div><div class="value">{text(value)}</div>'
        f'<div class="more">{text(more)}</div></div>'
        for name, value, more in cells
    )
    return f'<div class="tiles">{rows}</div>'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    bars: Sequence[int] = (),
    over: Sequence[tuple[str, int]] = (),
) -> str:
    """A table of text.

    Args:
        head: names of the columns.
        rows: cells.
        bars: columns of numbers in [0, 1] that are drawn as bars, too.
        over: names above the columns, each with the number of columns that it spans.
    """
    above = "".join(f'<th colspan="{span}">{text(name)}</th>' for name, span in over)
    top = (f'<tr class="over">{above}</tr>' if over else "") + _row(map(text, head), "th")
    lines = ["".join(_cell(cell, column in bars) for column, cell in enumerate(row)) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead>{top}</thead><tbody>{body}</tbody></table></div>'


def figures(uris: Sequence[str], wide: bool = False) -> str:
    """Plots beside each other, or one across the page."""
    pictures = "".join(f'<img alt="" src="{uri}">' for uri in uris)
    return f'<div class="{"wide" if wide else "plots"}">{pictures}</div>'


def _row(cells: Iterable[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _cell(value: str, bar: bool) -> str:
    if not bar:
        return f"<td>{text(value)}</td>"
    try:
        share = f"{100 * min(max(float(value), 0), 1):.1f}%"
    except ValueError:
        share = "0%"
    return f'<td class="bar" style="--share: {share}">{text(value)}</td>'


def png_uri(image: Float[Tensor, "3 height width"]) -> str:
    """A picture as a data URI.

    Args:
        image: RGB in [0, 1].
    """
    return data_uri(png_bytes(image.permute(1, 2, 0).cpu().numpy()), "image/png")


def data_uri(data: bytes, kind: str) -> str:
    """Bytes of a known kind as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def save_data_uri(uri: str, path: str | PathLike[str]) -> None:
    """Write the bytes of such a URI; raises OSError where the file cannot be written."""
    with replacing(path) as file:
        file.write(base64.b64decode(uri.partition(",")[2]))
