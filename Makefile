# `make demo` and `make test` work as the first command on a fresh clone: they make what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: setup demo test check generate format types soak bench dist clean

setup: $(VENV)/dev $(VENV)/lint  ## everything for working on the project

demo: $(VENV)/dev  ## the main job, against the API if OPENAI_API_KEY is set, else the emulator
	$(BIN)/python docs/demo.py

test: $(VENV)/dev  ## all tests
	$(BIN)/python -m pytest -q $(ARGS)

check: $(VENV)/dev $(VENV)/lint  ## format, lint, types, generated files, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python -m codegen --check
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_typing.py \
		tests/test_static_parity.py tests/test_verifytypes.py tests/test_completion.py

generate: $(VENV)/dev $(VENV)/lint  ## types, methods and docs/api.md from codegen/api
	$(BIN)/python -m codegen

format: $(VENV)/lint  ## format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(VENV)/dev  ## the long runs; ARGS="forks" runs those with that word in their name
	cd tests && ../$(BIN)/python -m soak $(ARGS)

bench: $(BENCH)/ready  ## measure against the official package
	$(BENCH)/bin/python -m benchmarks $(ARGS)

dist: $(VENV)/dist  ## build the wheel and import it in an empty environment
	rm -rf dist build/empty
	$(BIN)/python -m build --quiet --wheel --outdir dist
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip --disable-pip-version-check --quiet install dist/*.whl
	cd build && empty/bin/python -W error -c "import openai_async, openai_sync; \
	openai_sync.OpenAI(api_key='k').chat.completions; print(openai_async.__version__)"
	$(BIN)/python -m zipfile --list dist/*.whl | awk 'NR > 1 {print $$1}' | \
	awk -F/ '!/^(openai_async|openai_sync|openai_anyio-)/ {print "not ours:", $$0; bad = 1} END {exit bad}'

clean:
	rm -rf $(VENV) $(BENCH) build dist

$(VENV)/pip:
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade "pip>=25.1"
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/pip
	$(PIP) --editable ".[emulator,cli]" --group dev
	@touch $@

$(VENV)/lint: pyproject.toml | $(VENV)/pip
	$(PIP) --group lint
	@touch $@

$(VENV)/dist: | $(VENV)/pip
	$(PIP) build
	@touch $@

# An environment of its own, so that the official package is never near the tests.
$(BENCH)/ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --quiet install --upgrade "pip>=25.1"
	$(BENCH)/bin/python -m pip --quiet install --editable ".[emulator]" --group bench
	@touch $@
