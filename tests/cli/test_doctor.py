"""`maquette doctor`: facts for a person and for a program."""

from importlib.metadata import version

from maquette.cli import doctor


def test_facts_as_json(maquette):
    ran = maquette("doctor", "--json", "-")
    assert ran.code == 0
    facts = ran.json()
    assert facts["packages"]["torch"] == version("torch")
    assert facts["packages"]["warp-lang"] == version("warp-lang")
    assert facts["kernels"]["writable"]
    assert "cpu" in facts["kernels"]["devices"]
    assert facts["problems"] == []
    assert "nothing is missing" in ran.err


def test_facts_as_lines(maquette):
    ran = maquette("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert "compiled kernels: " in ran.out
    assert maquette("doctor", "--quiet").out == ""


def test_what_is_missing_is_said_with_the_way_to_get_it(monkeypatch):
    found = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "scipy" else found(name))
    facts = doctor.examine()
    assert facts["problems"] == ["scipy is missing: pip install scipy"]
    lines = doctor.report(facts)
    assert "problem: scipy is missing: pip install scipy" in lines
    assert "nothing is missing" not in lines


def test_a_closed_cache_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "_can_write", lambda folder: False)
    facts = doctor.examine()
    assert any("WARP_CACHE_PATH" in problem for problem in facts["problems"])


def test_broken_kernels_are_a_problem(monkeypatch, tmp_path):
    (tmp_path / "wp_maquette.kernels.knn_0123abc").mkdir()
    (tmp_path / "wp_others_0123abc").mkdir()
    file = tmp_path / "wp_maquette.kernels.knn_0123abc" / "wp_maquette.kernels.knn_0123abc.cpu.o"
    file.touch()
    (tmp_path / "wp_others_0123abc" / "a.o").touch()
    monkeypatch.setattr("maquette.kernels.cache.cache_folder", lambda: tmp_path)
    facts = doctor.examine()
    (problem,) = facts["problems"]
    assert problem.startswith(f"1 files of compiled kernels are broken, the first {file}: ")
    assert facts["kernels"]["broken"] == [str(file)]


def test_without_torch_the_rest_is_still_told(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    facts = doctor.examine()
    assert "kernels" not in facts
    assert "torch is missing: pip install torch" in facts["problems"]
    assert any("torch" in line and "missing" in line for line in doctor.report(facts))
