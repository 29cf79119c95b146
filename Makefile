# `make demo` and `make test` need python3 (with venv), git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_INSTALL := uv pip install --quiet --constraint requirements.lock
# Without an NVIDIA device torch's build for CPUs will do, a quarter of the size; where it cannot be had, the ordinary one.
CPU_TORCH := $(if $(wildcard /proc/driver/nvidia/version),,--torch-backend cpu)
TESTS ?= tests
COUNT ?= 2000
unexport PYTHONDONTWRITEBYTECODE # or every command would compile all of torch anew, ten seconds each

.PHONY: help demo test test-slow fuzz test-long lint bench wheel wheel-demo lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

demo: $(READY) ## reconstruct the shipped pictures, invent a car and mold the shipped fox, into ./maquette_demo
	$(BIN)/maquette demo

test: $(READY) ## the tests, without the slow and long ones, on all cores
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not long" $(TESTS)

test-slow: $(READY) ## the slow tests alone
	$(BIN)/python -m pytest -m slow $(TESTS)

fuzz: $(READY) ## read COUNT mutated files of every format, 2,000 by default
	MAQUETTE_FUZZ_COUNT=$(COUNT) $(BIN)/python -m pytest tests/fuzz

test-long: $(READY) ## the tests of many minutes: a run of training killed two hundred times
	$(BIN)/python -m pytest -m long $(TESTS)

lint: $(READY) ## the checks of .pre-commit-config.yaml on the whole tree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

bench: $(READY) ## time the operators beside their torch twins, into bench_ops.json
	$(BIN)/maquette bench ops --json bench_ops.json

wheel: $(READY) ## build dist/maquette-*.whl
	rm -f dist/maquette-*.whl
	$(BIN)/uv build --quiet --wheel --out-dir dist

wheel-demo: wheel ## run the demo from the built wheel, in an empty environment outside the checkout
	@set -eu; away=$$(mktemp -d); trap 'rm -rf "$$away"' EXIT; \
	$(BIN)/uv venv --quiet --python $(BIN)/python "$$away/venv"; \
	VIRTUAL_ENV="$$away/venv" $(BIN)/$(UV_INSTALL) dist/maquette-*.whl; \
	cd "$$away"; env -u PYTHONPATH venv/bin/maquette demo

lock: $(READY) ## choose the newest versions of everything again
	echo uv | $(BIN)/uv pip compile --quiet --upgrade --universal --no-annotate \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--extra test --extra lint --output-file requirements.lock pyproject.toml -

clean: ## remove what was built; .venv stays
	rm -rf dist build maquette_demo .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(BIN)/uv: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock uv
	touch $@

$(READY): $(BIN)/uv pyproject.toml requirements.lock
	export VIRTUAL_ENV=$(CURDIR)/$(VENV); install="$(BIN)/$(UV_INSTALL) --editable .[test,lint]"; \
	test -n "$(CPU_TORCH)" && $$install $(CPU_TORCH) 2> /dev/null || $$install
	touch $@
