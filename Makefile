# make verify   environment, installation, training, certification, verdict table
# make test     environment, installation, lint, types, tests
# make docs     the documentation as static pages in build/docs; a broken reference fails
# make formal   the formal theorems, compiled by Coq and asked for axioms; needs Coq 8.16 with MathComp, nothing of Python's
# make bench    this project beside other solvers (those of the bench extra that are installed), table and figures
PYTHON := $(or $(PYTHON),$(shell for p in python3 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$p && break; done))
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: verify test lint types docs formal bench clean

verify: $(VENV)/installed
	$(BIN)/twolayer verify

test: lint types docs
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

docs: $(VENV)/installed-dev
	$(BIN)/mkdocs build --strict --quiet

formal:
	@test -n "$(PYTHON)" || { echo "make needs Python 3.11 or 3.12; found neither"; exit 2; }
	@$(PYTHON) -m proofs.formal $(FORMAL)

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.benchmarks.run $(BENCH)

$(VENV)/created:
	@test -n "$(PYTHON)" || { echo "make needs Python 3.11 or 3.12; found neither"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	$(INSTALL) -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/created pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
