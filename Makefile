# Two commands on a fresh machine with Python 3.11+, git and make:
#   make matrix   tests our reference, builds every real implementation that this machine can, writes reports/index.html
#   make test     the gate: style, types, layers, tests with coverage, kill matrix, wheel, the report in a browser

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: matrix test style types tests mutants wheel bench clean

matrix: $(VENV)/run.stamp
	$(BIN)/conformance matrix

test: style types tests mutants wheel
	@echo "the gate is passed"

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(VENV)/run.stamp: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@ $(VENV)/run.stamp

style: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > $(VENV)/layers.log || { cat $(VENV)/layers.log; exit 1; }

tests: $(VENV)/dev.stamp
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100 \
		--include='conformance/model/*,conformance/wire/*,conformance/crypto/*,conformance/engine/*'
	$(BIN)/coverage report --skip-covered --sort=cover | tail -n 15

mutants: $(VENV)/dev.stamp
	$(BIN)/conformance mutants

wheel: $(VENV)/dev.stamp
	$(BIN)/python tests/gate/wheel.py

bench: $(VENV)/dev.stamp
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) .tox build dist reports .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
