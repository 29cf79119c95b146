"""The table of a run, continued without doubled or missing rows."""

import sys
from contextlib import suppress
from types import ModuleType

import pytest
import torch
from tensorboard.summary.writer.record_writer import RecordWriter

from maquette.io.errors import BadInput
from maquette.training.run_folder import RunFolder
from maquette.training.run_log import RunLog, keep_rows, quiet_writer


def steps(path) -> list[str]:
    return [line.split(",")[0] for line in path.read_text().splitlines()]


def test_rows_behind_the_checkpoint_are_dropped_and_added_again(tmp_path):
    run = RunFolder(tmp_path)
    log = RunLog(run, 0)
    for step in (10, 20, 30):
        log.row(step, {"loss": step / 3, "lr": 1e-4})
    log.close()
    log = RunLog(run, 20)
    log.row(30, {"loss": 9.0})
    log.close()
    assert steps(run.metrics) == ["step", "10", "20", "30"]
    lines = [line.split(",") for line in run.metrics.read_text().splitlines()]
    assert lines[0] == ["step", "seconds", "samples_per_second", "lr", "loss"]
    assert [line[4] for line in lines[1:]] == [repr(10 / 3), repr(20 / 3), "9.0"]
    assert len(list(run.tensorboard.iterdir())) == 2


def test_a_line_that_was_cut_off_is_dropped(tmp_path):
    table = tmp_path / "metrics.csv"
    keep_rows(table, 0)
    with open(table, "a") as file:
        file.write("10,1.5,2.5,1e-4\n20,1.5,3")
    keep_rows(table, 100)
    assert steps(table) == ["step", "10"]


def test_a_new_name_becomes_a_column_behind_the_others(tmp_path):
    run = RunFolder(tmp_path)
    with RunLog(run, 0) as log:
        log.row(1, {"loss": 0.5})
        log.row(2, {"loss": 0.25, "val_depth": 3.0})
        log.row(3, {"loss": 0.125})
    with RunLog(run, 2) as log:
        log.row(3, {"loss": 0.1, "val_depth": 2.0})
    assert run.metrics.read_text().splitlines() == [
        "step,seconds,samples_per_second,lr,loss,val_depth",
        "1,,,,0.5,",
        "2,,,,0.25,3.0",
        "3,,,,0.1,2.0",
    ]


def test_weights_and_biases_gets_the_same_numbers(tmp_path, monkeypatch):
    told = []

    class Run:
        def log(self, values, step):
            told.append((step, values))

        def finish(self):
            told.append("finished")

    wandb = ModuleType("wandb")
    wandb.init = lambda **settings: told.append(settings) or Run()
    wandb.Image = lambda array: array.shape
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    log = RunLog(RunFolder(tmp_path), 0, "chairs", {"steps": 5})
    log.row(1, {"loss": 0.5})
    log.picture(1, "sheet", torch.zeros(3, 4, 5))
    log.close()
    settings, *events = told
    assert (settings["project"], settings["resume"], settings["config"]) == ("chairs", "allow", {"steps": 5})
    assert events == [(1, {"loss": 0.5}), (1, {"sheet": (4, 5, 3)}), "finished"]


def fill_disk(monkeypatch) -> None:
    def write(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RecordWriter, "write", write)


def write_rows(log: RunLog, count: int) -> None:
    for step in range(count):
        log.row(step, {"loss": 0.5})


def test_a_full_disk_is_bad_input_without_a_traceback(tmp_path, monkeypatch, capfd):
    with quiet_writer():
        log = RunLog(RunFolder(tmp_path), 0)
        fill_disk(monkeypatch)
        said = rf"{tmp_path}/tensorboard: cannot be written: No space left on device"
        with pytest.raises(BadInput, match=said):
            write_rows(log, 100)
        with pytest.raises(BadInput, match=said):
            log.picture(1, "sheet", torch.zeros(3, 4, 5))
        with pytest.raises(BadInput, match=said):
            log.close()
        with pytest.raises(BadInput, match=said):
            RunLog(RunFolder(tmp_path), 0)
    assert capfd.readouterr().err == ""


def test_closing_hides_no_error_that_is_on_its_way(tmp_path, monkeypatch):
    def end(*errors: Exception) -> None:
        with monkeypatch.context() as patch, quiet_writer(), RunLog(RunFolder(tmp_path), 0) as log:
            fill_disk(patch)
            with suppress(BadInput):
                log.picture(1, "sheet", torch.zeros(3, 4, 5))
            for error in errors:
                raise error

    with pytest.raises(BadInput, match="of step 4 is intact"):
        end(BadInput("step_6", "the checkpoint of step 4 is intact"))
    with pytest.raises(BadInput, match="No space left on device"):
        end()
