"""Figures of known scenes: what is in their traces, how far their axes reach, where one looks from."""

import sys

import numpy as np
import pytest
import torch

from maquette.renderer import FoVPerspectiveCameras, TexturesAtlas, TexturesUV, TexturesVertex
from maquette.structures import Meshes, Pointclouds
from maquette.vis import get_camera_wireframe, plot_batch_individually, plot_scene
from maquette.vis.plotly_vis import AxisArgs, Lighting

VERTS = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 1, 0], [9, 9, 9]])  # no face has the last
FACE = torch.tensor([[0, 1, 2]])
COLORS = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1.5], [1, 1, 1]])


def triangle(textures=None):
    return Meshes([VERTS], [FACE], textures=textures)


def cloud(features=None):
    points = torch.tensor([[0.0, 0, 0], [0, 4, 0]])
    return Pointclouds([points], features=None if features is None else [torch.tensor(features)])


def turned_camera(count=1):
    """At (3, 0, 0), looking along -X with +Y up: left, as seen from there, is +Z."""
    rotation = torch.tensor([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]).expand(count, 3, 3)
    return FoVPerspectiveCameras(R=rotation, T=torch.tensor([[0.0, 0, 3]]).expand(count, 3))


def positions(trace):
    return np.stack([trace.x, trace.y, trace.z], axis=1)


def ranges(scene):
    return np.array([scene.xaxis.range, scene.yaxis.range, scene.zaxis.range], dtype=float)


def only_trace(struct, **options):
    (trace,) = plot_scene({"title": {"name": struct}}, **options).data
    assert trace.name == "name"
    return trace


def test_a_mesh_and_its_axes():
    figure = plot_scene({"title": {"mesh": triangle()}})
    (mesh,) = figure.data
    assert (mesh.type, mesh.scene, figure.layout.annotations[0].text) == ("mesh3d", "scene", "title")
    middle = [2 / 3, 1 / 3, 0]
    np.testing.assert_allclose(positions(mesh), [*VERTS[:3].tolist(), middle], atol=1e-6)
    assert [mesh.i[0], mesh.j[0], mesh.k[0]] == [0, 1, 2]
    assert mesh.vertexcolor is None
    assert mesh.facecolor is None
    assert mesh.lighting.to_plotly_json() == Lighting()._asdict()
    np.testing.assert_allclose(ranges(figure.layout.scene), [[m - 2, m + 2] for m in middle], atol=1e-6)
    assert figure.layout.scene.camera.up.to_plotly_json() == {"x": 0, "y": 1, "z": 0}
    assert figure.layout.scene.aspectmode == "cube"


def test_a_batch_is_one_trace_and_keeps_its_tensors():
    before = VERTS.clone()
    trace = only_trace(triangle(TexturesVertex([COLORS])).extend(2))
    assert (len(trace.x), list(trace.i), list(trace.k)) == (8, [0, 4], [2, 6])
    expected = 255 * COLORS.clamp(max=1)
    np.testing.assert_array_equal(np.array(trace.vertexcolor), torch.cat([expected, expected]))
    assert torch.equal(VERTS, before)


def test_an_atlas_of_size_one_colours_faces():
    trace = only_trace(triangle(TexturesAtlas([torch.tensor([0.2, 0.4, 1]).view(1, 1, 1, 3)])))
    assert trace.vertexcolor is None
    np.testing.assert_allclose(np.array(trace.facecolor), [[51, 102, 255]], rtol=1e-6)


def test_maps_and_larger_atlases_colour_vertices():
    uvs = torch.tensor([[0.0, 0], [1, 0], [0, 1]])
    picture = torch.tensor([[[0.0, 0, 1], [1, 1, 1]], [[1, 0, 0], [0, 1, 0]]])
    by_map = only_trace(triangle(TexturesUV([picture], [FACE], [uvs])))
    np.testing.assert_array_equal(np.array(by_map.vertexcolor)[:3], 255 * np.eye(3))
    by_atlas = only_trace(triangle(TexturesAtlas([torch.full((1, 2, 2, 3), 0.4)])))
    np.testing.assert_allclose(np.array(by_atlas.vertexcolor), np.full((3, 3), 102), rtol=1e-6)


@pytest.mark.parametrize(
    ("features", "color"),
    [
        (None, None),
        ([[0.5], [1.0]], None),
        ([[1, 0.5, 0], [-1, 0, 2.0]], ("rgb(255, 127, 0)", "rgb(0, 0, 255)")),
        ([[1, 0, 0, 0.25], [0, 0, 1, 1.0]], ("rgba(255, 0, 0, 0.250000)", "rgba(0, 0, 255, 1.000000)")),
    ],
)
def test_points_and_their_colours(features, color):
    trace = only_trace(cloud(features), pointcloud_marker_size=3)
    assert (trace.type, trace.mode, trace.marker.size, trace.marker.color) == (
        "scatter3d",
        "markers",
        3,
        color,
    )
    np.testing.assert_array_equal(positions(trace), [[0, 0, 0], [0, 4, 0]])


def test_of_many_points_some_are_drawn():
    points = torch.arange(300.0).view(100, 3)
    trace = only_trace(Pointclouds([points, points[:5]]), pointcloud_max_points=10)
    assert len(trace.x) == 15
    assert set(map(tuple, positions(trace).tolist())) <= set(map(tuple, points.tolist()))


def test_the_wireframe_of_a_camera():
    wires = get_camera_wireframe(2.0)
    assert wires.shape == (15, 3)
    assert wires.max(0).values.tolist() == [2, 2, 6]
    assert wires.min(0).values.tolist() == [-2, -1.5, 0]
    assert wires[[0, 2, 8, 14]].tolist() == [[-2, 1.5, 4], [0, 2, 4], [0, 0, 0], [0, 0, 6]]
    torch.testing.assert_close(get_camera_wireframe(), 0.15 * wires)


def test_cameras_stand_where_they_are():
    wires = positions(only_trace(turned_camera(2), camera_scale=1.0))
    assert len(wires) == 31
    assert np.isnan(wires[15]).all()
    for one in (wires[:15], wires[16:]):
        np.testing.assert_allclose(one[[8, 14, 2]], [[3, 0, 0], [0, 0, 0], [1, 1, 0]], atol=1e-6)
        np.testing.assert_allclose(one[0], [1, 0.75, -1], atol=1e-6)  # right of it is -Z


def test_axes_hold_all_traces_of_their_subplot():
    figure = plot_scene({"both": {"mesh": triangle(), "cloud": cloud()}, "one": {"cloud": cloud()}}, ncols=2)
    assert [trace.scene for trace in figure.data] == ["scene", "scene", "scene2"]
    expected = [[-4, 4], [-2, 6], [-4, 4]]
    np.testing.assert_allclose(ranges(figure.layout.scene), expected, atol=1e-6)
    np.testing.assert_allclose(ranges(figure.layout.scene2), expected, atol=1e-6)
    assert figure.layout.scene.domain.x[1] < figure.layout.scene2.domain.x[0]


def test_axes_and_light_can_be_chosen():
    figure = plot_scene(
        {"title": {"mesh": triangle()}},
        axis_args=AxisArgs(showgrid=True),
        lighting=Lighting(ambient=0.5),
        xaxis={"backgroundcolor": "rgb(200, 200, 230)", "range": [-7, 7]},
    )
    scene = figure.layout.scene
    assert (scene.xaxis.showgrid, scene.zaxis.showgrid, scene.zaxis.zeroline) == (True, True, False)
    assert (scene.xaxis.backgroundcolor, scene.yaxis.backgroundcolor) == ("rgb(200, 200, 230)", "#fff")
    assert scene.xaxis.range == (-7, 7)
    assert figure.data[0].lighting.ambient == 0.5


def test_a_camera_to_look_from():
    scene = plot_scene({"title": {"cloud": cloud()}}, viewpoint_cameras=turned_camera()).layout.scene
    views = [[view.x, view.y, view.z] for view in (scene.camera.eye, scene.camera.center, scene.camera.up)]
    np.testing.assert_allclose(views, [[0.75, -0.5, 0], [0.5, -0.5, 0], [0, 0.25, 0]], atol=1e-6)


def test_a_wrong_number_of_viewpoints_is_not_used():
    with pytest.warns(UserWarning, match="Invalid number 3 of viewpoint cameras"):
        figure = plot_scene({"title": {"cloud": cloud()}}, viewpoint_cameras=turned_camera(3))
    assert figure.layout.scene.camera.eye.x is None


@pytest.mark.parametrize(
    "nothing", [Meshes([], []), Meshes([VERTS[:0]], [FACE[:0]]), Pointclouds([VERTS[:0]])]
)
def test_what_is_empty_leaves_the_axes_alone(nothing):
    figure = plot_scene({"title": {"nothing": nothing, "cloud": cloud()}})
    np.testing.assert_allclose(ranges(figure.layout.scene), [[-4, 4], [-2, 6], [-4, 4]])
    alone = plot_scene({"title": {"nothing": nothing}}, viewpoint_cameras=turned_camera())
    assert alone.layout.scene.xaxis.range is None


@pytest.mark.parametrize(("extend", "counts"), [(True, [3, 3]), (False, [3, 2])])
def test_a_subplot_for_each_element(extend, counts):
    structs = [triangle().extend(2), turned_camera(2), cloud()]
    figure = plot_batch_individually(structs, extend_struct=extend, subplot_titles=["a", "b"])
    scenes = [trace.scene for trace in figure.data]
    assert [scenes.count("scene"), scenes.count("scene2")] == counts
    assert [figure.data[0].name, figure.data[3].name] == ["trace1-1", "trace2-1"]
    assert [title.text for title in figure.layout.annotations] == ["a", "b"]


def test_one_batch_of_cameras():
    first, second = plot_batch_individually(turned_camera(2)).data
    assert (len(first.x), len(second.x)) == (15, 15)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plot_scene({"title": {"name": VERTS}}), "is not a Cameras, Meshes or Pointclouds object"),
        (
            lambda: plot_batch_individually([cloud().extend(2), cloud().extend(3)]),
            "invalid batch size 2 provided",
        ),
        (lambda: plot_batch_individually([Meshes([], [])]), "No data is provided"),
        (
            lambda: plot_batch_individually(cloud(), subplot_titles=["a", "b"]),
            "invalid number of subplot titles",
        ),
    ],
)
def test_what_cannot_be_drawn(draw, said):
    with pytest.raises(ValueError, match=said):
        draw()


def test_nothing_to_plot_is_said():
    with pytest.warns(UserWarning, match="No structs to plot"):
        assert plot_batch_individually([]) is None


def test_without_plotly_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(ImportError, match=r"maquette\.vis needs plotly: pip install plotly"):
        plot_scene({"title": {"cloud": cloud()}})
