"""Which checkpoints of a run are found, and which are kept."""

import pytest

from maquette.io.errors import BadInput
from maquette.training.run_folder import RunFolder


@pytest.fixture
def run(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path)
    for step in (10, 20, 30, 40):
        run.checkpoint(step).mkdir(parents=True)
    (run.checkpoints / ".step_000000050.ab12.new").mkdir()
    return run


def sound(path) -> str:
    """Finds nothing wrong."""
    return path.name


def test_the_newest_is_found_and_what_was_being_written_is_cleared_away(run):
    assert run.newest(sound, print) == (40, "step_000000040")
    assert sorted(entry.name for entry in run.checkpoints.iterdir()) == [
        f"step_0000000{n}0" for n in (1, 2, 3, 4)
    ]


def test_other_processes_clear_nothing_away(run):
    assert run.newest(sound, print, clear=False) == (40, "step_000000040")
    assert len(list(run.checkpoints.iterdir())) == 5


def test_broken_ones_are_said_and_passed_over(run):
    def check(path):
        if path in (run.checkpoint(40), run.checkpoint(30)):
            raise BadInput(path, "is broken")

    said = []
    assert run.newest(check, said.append) == (20, None)
    assert len(said) == 2
    assert "step_000000040: is broken; going back" in said[0]
    assert run.steps() == [10, 20]


def test_broken_ones_are_put_aside_and_can_be_taken_back(run):
    def check(path):
        if path == run.checkpoint(40):
            raise BadInput(path, "is broken")

    (run.checkpoint(40) / "state.json").write_text("first")
    assert run.newest(check, print) == (30, None)
    aside = run.checkpoints / "step_000000040.broken"
    assert (aside / "state.json").read_text() == "first"
    run.checkpoint(40).mkdir()
    (run.checkpoint(40) / "state.json").write_text("second")
    assert run.newest(check, print) == (30, None)
    assert (aside / "state.json").read_text() == "second"
    aside.rename(run.checkpoint(40))
    assert run.newest(sound, print) == (40, "step_000000040")


def test_only_broken_ones_are_bad_input_and_stay(run):
    def check(path):
        raise BadInput(path, "is broken")

    with pytest.raises(BadInput, match="step_000000040: is broken"):
        run.newest(check, lambda line: None)
    assert run.steps() == [10, 20, 30, 40]


def test_none_at_all(tmp_path):
    assert RunFolder(tmp_path / "new").newest(sound, print) is None


def test_the_last_two_and_the_best_are_kept(run):
    run.prune(best=10)
    assert run.steps() == [10, 30, 40]
    run.prune(best=40)
    assert run.steps() == [30, 40]


ABOUT = {"system": "r2n2", "recipe": "best", "data": {"shapes": "shapes.pack", "given": {"shapes": "x"}},
         "config": {"training": {"steps": 3}}, "init": None}  # fmt: skip


def test_configuration_comes_back_and_others_are_refused(run):
    run.write_config(ABOUT)
    found = run.read_config()
    assert found["data"] == {"data": None, "split_file": None, **ABOUT["data"]} == run.read_data()
    assert ABOUT.items() <= (found | {"data": ABOUT["data"]}).items()
    run.config_file.write_text("{}")
    with pytest.raises(BadInput, match="not the configuration of a run"):
        run.read_config()


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("system", ..., "system is missing"),
        ("recipe", ..., "recipe is missing"),
        ("data", ..., "data is missing"),
        ("config", ..., "config is missing"),
        ("data", {"given": []}, r"data\.given must be an object"),
        ("data", {"given": {"shapes": 3}}, r"data\.given\.shapes must be a word, got 3"),
        ("data", {"shapes": ["x"]}, r"data\.shapes must be a word"),
        ("config", [1], r"config must be an object, got \[1\]"),
        ("init", {"given": "x"}, r"init\.file is missing"),
        ("recipe", 3, "recipe must be a word, got 3"),
    ],
)
def test_a_configuration_that_lacks_a_part_is_refused_before_anything_is_trained(run, part, value, reason):
    run.write_config({name: v for name, v in {**ABOUT, part: value}.items() if v is not ...})
    with pytest.raises(BadInput, match=r"config\.json: is not the configuration of a run: " + reason):
        run.read_config()


def test_a_configuration_of_the_first_version_which_named_no_given_data(run):
    run.write_config({**ABOUT, "data": {"shapes": "shapes.pack"}})
    assert run.read_config()["data"]["given"] == {}


def test_what_other_versions_say_of_a_run_is_kept(run):
    run.write_config({**ABOUT, "chosen": {"size": 8}, "data": {**ABOUT["data"], "places": {"shapes": "y"}}})
    found = run.read_config()
    assert (found["chosen"], found["data"]["places"]) == ({"size": 8}, {"shapes": "y"})
