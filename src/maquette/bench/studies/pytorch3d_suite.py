"""PyTorch3D's own test modules, run against maquette: is changing the import enough?

    python -m maquette.bench.studies.pytorch3d_suite --checkout DIR [--module test_knn] [--json FILE] [--markdown]
        [--page docs/pytorch3d.md]

DIR is a checkout of PyTorch3D; two of its modules need `iopath`. Its tests are copied to a temporary folder with few
edits: devices named "cuda" become "cpu" (so their CUDA-only tests run, on the CPU), and list entries of cameras that
maquette lacks are dropped. The plugin pytorch3d_alias.py answers `import pytorch3d` with maquette; only twins in
plain Python that tests compare with (`rasterize_meshes_python`, ...) are PyTorch3D's. It draws random numbers as a
GPU does for the three tests whose reference pictures show them.

Every test is passed, skipped (by their own condition) or failed, and a failed one is counted as a difference unless

- private: it uses a C++ function or a private name;
- not offered: it uses a part that maquette does not have (see docs/pytorch3d.md);
- CUDA: it needs a second device, or asserts what only CUDA does;
- data: it reads a file that the checkout does not have.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .arguments import study_parser, write_json

SOURCE = Path(__file__).parents[3]
PLUGIN = "maquette.bench.studies.pytorch3d_alias"
SECONDS_A_MODULE = 180
MARKS = ("<!-- table: begin -->", "<!-- table: end -->")

MODULES = (
    "test_meshes",
    "test_pointclouds",
    "test_struct_utils",
    "test_transforms",
    "test_rotation_conversions",
    "test_so3",
    "test_se3",
    "test_acos_linear_extrapolation",
    "test_cameras",
    "test_camera_utils",
    "test_camera_conversions",
    "test_camera_pixels",
    "test_rendering_utils",
    "test_rasterize_meshes",
    "test_rasterizer",
    "test_rasterize_rectangle_images",
    "test_render_meshes",
    "test_render_meshes_clipped",
    "test_mesh_rendering_utils",
    "test_shader",
    "test_texturing",
    "test_lighting",
    "test_materials",
    "test_blending",
    "test_splatter_blend",
    "test_rasterize_points",
    "test_render_points",
    "test_compositing",
    "test_checkerboard",
    "test_interpolate_face_attributes",
    "test_knn",
    "test_ball_query",
    "test_sample_farthest_points",
    "test_sample_points_from_meshes",
    "test_cubify",
    "test_vert_align",
    "test_graph_conv",
    "test_laplacian_matrices",
    "test_marching_cubes",
    "test_subdivide_meshes",
    "test_mesh_filtering",
    "test_face_areas_normals",
    "test_packed_to_padded",
    "test_points_alignment",
    "test_points_normals",
    "test_ops_utils",
    "test_chamfer",
    "test_mesh_edge_loss",
    "test_mesh_laplacian_smoothing",
    "test_mesh_normal_consistency",
    "test_point_mesh_distance",
    "test_io_obj",
    "test_io_ply",
    "test_io_off",
    "test_io_gltf",
)

FAILED = ("differs", "on purpose")
NOT_COUNTED = ("private", "not offered", "CUDA", "data")

EDITS = (
    (r"(?P<quote>[\"'])cuda(:0)?(?P=quote)", '"cpu"'),
    (r'"cuda:%d" % device_id', '"cpu"'),
    (r"\.cuda\(\)", ".cpu()"),
    (r"torch\.cuda\.(synchronize|set_device)\([^)]*\)", "None"),
    (r"(?m)^ {8,}(\"FishEyeCameras\": )?FishEyeCameras,\n", ""),
)
"""Regular expressions and what replaces them in every test file."""

COPIES = "expects a copy to another device to be a new object"
MIXED = "expects an error for tensors on two devices"
CUDA_ONLY = {
    "TestMeshes::test_init_error": MIXED,
    "TestMeshes::test_to": COPIES,
    "TestPointclouds::test_init_error": MIXED,
    "TestPointclouds::test_join_pointclouds_as_batch": MIXED,
    "TestPointclouds::test_to": COPIES,
    "TestTransform::test_to": COPIES,
    "TestCamerasCommon::test_join_cameras_as_batch_errors": MIXED,
    "TestTensorProperties::test_to": "expects the index of a CUDA device",
    "TestGraphConv::test_cpu_cuda_tensor_error": MIXED,
    "TestKNN::test_knn_vs_python_square_cuda": "expects unsorted neighbours, which only their CUDA kernel gives",
    "TestChamfer::test_single_directional_chamfer_vs_naive_pointcloud": (
        "draws its clouds on the GPU, where none is empty; on a CPU one is, and its own loop then gives infinity"
    ),
    "TestTexturesUV::test_textures_uv_init_fail": MIXED,
}
"""Tests that say something of CUDA alone, and what they ask for."""

COPIES_OF_ITEMS = (
    "compares with the very tensors of the batch, of which `get_cloud` and its like give copies here"
)
ON_PURPOSE = {
    "TestMeshes::test_split_mesh": COPIES_OF_ITEMS,
    "TestPointclouds::test_split": COPIES_OF_ITEMS,
    "TestMeshPlyIO::test_bad_ply_syntax": "expects files that begin with PLY in capitals to be refused",
    "TestMarchingCubes::test_cube_no_duplicate_verts": (
        "expects a vertex for each edge where the surface passes through grid points; here there is one"
    ),
    "TestRenderMeshes::test_silhouette_with_grad": (
        "its reference picture counts the 80 nearest faces a pixel; fused silhouettes count all (up to 272)"
    ),
}
"""Tests that fail because maquette does something else on purpose."""


@dataclass(frozen=True)
class Test:
    """How one test ended: outcome passed, skipped or failed; a failed one has a reason."""

    name: str
    outcome: str
    reason: str = ""
    detail: str = ""


def copy_checkout(checkout: Path, target: Path) -> None:
    """Copy tests and the data they read, edited to run without CUDA."""
    shutil.copytree(checkout / "tests", target / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    data = Path("docs/tutorials/data")
    if (checkout / data).is_dir():
        shutil.copytree(checkout / data, target / data)
    (target / "pytest.ini").write_text("[pytest]\n")
    for path in (target / "tests").glob("*.py"):
        text = path.read_text()
        for pattern, new in EDITS:
            text = re.sub(pattern, new, text)
        path.write_text(text)


def run(name: str, folder: Path, sources: Path) -> list[Test]:
    """Run one module of the edited copy in a process of its own."""
    outcomes = folder / f"{name}.jsonl"
    outcomes.touch()
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider"]
    command += ["--tb=no", f"--rootdir={folder}", f"--outcomes={outcomes}", f"tests/{name}.py"]
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")]),
        "PYTORCH3D_SOURCES": str(sources.resolve()),
        "PYTORCH3D_NO_TEST_OPENGL": "1",
    }
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command, cwd=folder, env=environment, timeout=SECONDS_A_MODULE, capture_output=True, check=False
        )
    return read(outcomes)


def read(outcomes: Path) -> list[Test]:
    """The tests that the plugin reported; a test that was collected and never ended has failed."""
    ended: dict[str, Test] = {}
    collected: list[str] = []
    for record in map(json.loads, outcomes.read_text().splitlines()):
        collected += record.get("collected", [])
        if "test" in record:
            ended[record["test"]] = classify(record)
    lost = (Test(name, "failed", "differs", "did not end in time") for name in collected if name not in ended)
    return [*ended.values(), *lost]


def classify(record: dict[str, Any]) -> Test:
    """Name the reason of a failure."""
    name, outcome = record["test"], record["outcome"]
    if outcome == "skipped":
        return Test(name, outcome, "skipped", str(record["text"])[:300])
    if outcome == "passed":
        return Test(name, outcome)
    error, text = record["error"], record["text"] or ""
    detail = f"{error}: {text.strip()[:300]}" + (f" ({record['line']})" if record.get("line") else "")
    return Test(name, outcome, reason(name, error, text), (CUDA_ONLY | ON_PURPOSE).get(name, detail))


def reason(name: str, error: str, text: str) -> str:
    """One of `NOT_COUNTED`, or one of `FAILED`."""
    if error == "NotOffered":
        return "private" if is_private(text) else "not offered"
    attribute = re.search(r"has no attribute '(\w+)'", text)
    if error == "AttributeError" and attribute and is_private(attribute[1]):
        return "private"
    if name in CUDA_ONLY or "CUDA" in text or "NVIDIA driver" in text:
        return "CUDA"
    if error == "FileNotFoundError":
        return "data"
    return "on purpose" if name in ON_PURPOSE else "differs"


def is_private(name: str) -> bool:
    """Whether a dotted name is one of PyTorch3D's inner ones: _C, an underscore in front, a twin in Python."""
    parts = name.split(".")
    return any(part.startswith("_") or part.endswith(("_python", "_naive")) for part in parts)


def commit(folder: Path) -> str:
    """The commit a folder is at, "unknown" outside a repository."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def counts(tests: Sequence[Test]) -> dict[str, int]:
    """How many tests there are, passed, failed and were skipped."""
    return {
        "tests": len(tests),
        "passed": sum(test.outcome == "passed" for test in tests),
        "failed": sum(test.reason in FAILED for test in tests),
        "skipped": sum(test.outcome == "skipped" for test in tests),
    }


def why(tests: Sequence[Test]) -> dict[str, int]:
    """How many failed tests there are for each reason."""
    return dict(Counter(test.reason for test in tests if test.outcome == "failed").most_common())


def summary(modules: dict[str, list[Test]], measured: str, checkout: Path) -> dict[str, Any]:
    """Everything measured, for JSON; `measured` is the commit of maquette when the run began."""
    everything = [test for tests in modules.values() for test in tests]
    return {
        "maquette": {"version": version("maquette"), "commit": measured},
        "pytorch3d": {"commit": commit(checkout)},
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "warp-lang", "numpy", "trimesh")},
        "total": {
            **counts(everything),
            "not_counted": sum(test.reason in NOT_COUNTED for test in everything),
        },
        "modules": [
            {
                "name": name,
                **counts(tests),
                "not_counted": {reason: n for reason, n in why(tests).items() if reason in NOT_COUNTED},
                "not_passed": [asdict(test) for test in tests if test.outcome != "passed"],
            }
            for name, tests in modules.items()
        ],
    }


def markdown(result: dict[str, Any]) -> str:
    """The table of docs/pytorch3d.md."""
    lines = ["| module | passed | failed | not counted | why |", "|---|---:|---:|---:|---|"]
    for module in result["modules"]:
        counts = dict(Counter(test["reason"] for test in module["not_passed"]))
        why = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()))
        uncounted = module["tests"] - module["passed"] - module["failed"]
        lines.append(f"| {module['name']} | {module['passed']} | {module['failed']} | {uncounted} | {why} |")
    total = result["total"]
    uncounted = total["tests"] - total["passed"] - total["failed"]
    lines.append(f"| **all** | **{total['passed']}** | **{total['failed']}** | **{uncounted}** | |")
    return "\n".join(lines)


def with_table(page: str, table: str) -> str:
    """A page with the table between its marks."""
    begin, _, rest = page.partition(MARKS[0])
    return f"{begin}{MARKS[0]}\n\n{table}\n\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


def main(words: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = study_parser(__doc__)
    parser.add_argument("--checkout", type=Path, required=True, help="a checkout of PyTorch3D")
    parser.add_argument("--sources", type=Path, help="its package, where that is not DIR/pytorch3d")
    parser.add_argument("--module", action="append", help="only this module (may be repeated)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--page", type=Path, help="put the table between the marks of this page")
    options = parser.parse_args(words)
    modules, measured = {}, commit(SOURCE)
    with tempfile.TemporaryDirectory() as folder:
        copy_checkout(options.checkout, Path(folder))
        for name in options.module or MODULES:
            tests = run(name, Path(folder), options.sources or options.checkout / "pytorch3d")
            modules[name] = tests
            passed = counts(tests)["passed"]
            print(f"{name}: {passed} of {len(tests)} passed {why(tests) or ''}", file=sys.stderr, flush=True)
            for test in tests:
                if test.reason == "differs":
                    print(f"    {test.name}: {test.detail}", file=sys.stderr)
    result = summary(modules, measured, options.checkout)
    if options.markdown:
        print(markdown(result))
    if options.page:
        options.page.write_text(with_table(options.page.read_text(), markdown(result)))
    write_json(options.json, result)


if __name__ == "__main__":
    main()
