# `make demo` shows what ecard does, `make test` runs its suite, `make check` all that a release needs besides,
# `make docs` builds the site.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check docs clean

demo: $(VENV)/.installed
	$(BIN)/ecard demo --out demo

test: $(VENV)/.tox-installed
	$(BIN)/tox run

check: test
	$(BIN)/tox run -e release,lowest

docs: $(VENV)/.tox-installed
	$(BIN)/tox run -e docs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "ecard needs Python 3.11 or newer; name one with: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable '.[cli]'
	@touch $@

$(VENV)/.tox-installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) tox
	@touch $@

clean:
	rm -rf $(VENV) .tox .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist demo docs/_build ./*.egg-info

# The exact versions that a build was tested with, made anew from the ranges in pyproject.toml.
.PHONY: constraints
constraints:
	rm -rf build/constraints && $(PYTHON) -m venv build/constraints
	build/constraints/bin/pip install --quiet --upgrade pip
	build/constraints/bin/pip install --quiet '.[all]' --group dev --group judges --group docs
	echo '# Exact versions that a build was tested with; written by: make constraints' > constraints.txt
	build/constraints/bin/pip freeze --exclude ecard >> constraints.txt
