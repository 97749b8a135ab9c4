# make verify   environment, installation, training, certification, verdict table
# make test     environment, installation, lint, types, tests
# make quick    a part of the tests on another interpreter: make quick PYTHON=python3.13 VENV=.venv-3.13, or with the newest
#               versions of everything: make quick VENV=.venv-newest CONSTRAINTS=/dev/null
# make docs     the documentation as static pages in build/docs; a broken reference fails (their search needs a server:
#               python -m http.server -d build/docs)
# make formal   the formal theorems, compiled by Coq and asked for axioms; needs Coq 8.16 with MathComp, nothing of Python's
# make bench    this project beside other solvers (those of the bench extra that are installed), table and figures
KNOWN := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON := $(or $(PYTHON),$(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c '$(KNOWN)' 2>/dev/null && echo $$p && break; done))
VENV := .venv
CONSTRAINTS := constraints.txt
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)

QUICK := tests/test_wheel.py tests/test_api.py tests/test_cli.py tests/test_process.py tests/test_architecture.py \
  tests/twolayer/test_exact.py tests/twolayer/statements/test_counterexamples.py tests/proofs/test_steps.py

.PHONY: verify test quick lint types docs formal bench clean known

verify: $(VENV)/installed
	$(BIN)/twolayer verify

test: lint types docs
	$(BIN)/python -m pytest -n 2

quick: $(VENV)/installed-quick
	$(BIN)/python -m pytest $(QUICK)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

docs: $(VENV)/installed-dev
	$(BIN)/mkdocs build --strict --quiet

formal: known
	@$(PYTHON) -m proofs.formal $(FORMAL)

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.benchmarks.run $(BENCH)

known:
	@$(or $(PYTHON),false) -c '$(KNOWN)' 2>/dev/null || \
	  { echo "make needs Python 3.11 to 3.14; got $(or $(PYTHON),none): name one with make ... PYTHON=python3.12"; exit 2; }

$(VENV)/created: | known
	@was=$$(ls -d $(VENV) 2>/dev/null); $(PYTHON) -m venv $(VENV) || { test -n "$$was" || rm -rf $(VENV); exit 2; }
	touch $@

$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	$(INSTALL) -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/created pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	touch $@ $(VENV)/installed

$(VENV)/installed-quick: $(VENV)/created pyproject.toml constraints.txt
	$(INSTALL) -e . 'pytest>=8' 'hypothesis>=6.100' 'setuptools>=77'
	touch $@

clean:
	rm -rf $(VENV) .venv-3.* build *.egg-info .pytest_cache .mypy_cache .ruff_cache
