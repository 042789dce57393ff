# Three commands do everything on a machine with Python >= 3.11 (with venv), make and git:
#   make install install into .venv
#   make demo    install into .venv, run the main job, write demo-output/report.html
#   make test    install into .venv, then ruff, mypy and pytest
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
# pip of its own, which installs in half the time of the one that comes with Python 3.11.
BUILD_TOOLS := pip hatchling editables
ONE_THREAD := NPROC=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# The many processes of tests load bytecode that the first of them wrote, also where the environment forbids to write it.
BYTECODE := PYTHONDONTWRITEBYTECODE=
# Without these generators of machine code a compilation takes half the time; its programs take twice as long.
# Code in one piece takes a fifth less than in pieces for several threads, of which tests have one.
QUICK := XLA_FLAGS='--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1'
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all pytest lint types docs clean check-python
.DELETE_ON_ERROR:

help:
	@sed -n '1,5s/^# \{0,1\}//p' Makefile
	@echo "Also: make test-all (every test, on optimized code), make lint, make types, make pytest, make docs, make clean"

install: $(VENV)/.installed
	@echo "Now: . $(VENV)/bin/activate, or $(BIN)/wilks"

demo: $(VENV)/.installed
	$(BIN)/wilks demo --output demo-output
	@echo "The report is demo-output/report.html"

test: lint types pytest

pytest: $(VENV)/.installed-dev
	$(ONE_THREAD) $(BYTECODE) $(QUICK) $(PYTEST)

test-all: lint types
	$(ONE_THREAD) $(BYTECODE) $(PYTEST) --optimized -m ''

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "The documentation is docs/_build/html/index.html"

clean:
	rm -rf $(VENV) demo-output docs/_build build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "'$(PYTHON)' is not on the path. Install Python 3.11 or newer \
	(Debian, Ubuntu: apt install python3 python3-venv; Fedora, Alma: dnf install python3.11; macOS: brew install python), \
	or name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "wilks needs Python 3.11 or newer and \
	'$(PYTHON)' is $$($(PYTHON) -V 2>&1). Install a newer one (Debian, Ubuntu: apt install python3.11 python3.11-venv; \
	Fedora, Alma: dnf install python3.11; macOS: brew install python) and name it: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' has no venv module. Install it \
	(Debian, Ubuntu: apt install python3-venv), or name another Python >= 3.11: make PYTHON=python3.11"; exit 1; }

$(BIN)/python:
	@$(MAKE) --no-print-directory check-python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) $(BUILD_TOOLS)
	$(PIP) --no-build-isolation --editable .
	@touch $@

# In one go, and without bytecode of modules that no test imports: to write it takes as long as all else.
$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) $(BUILD_TOOLS)
	$(PIP) --no-compile --no-build-isolation --editable '.[dev]'
	@touch $(VENV)/.installed $@

# One at a time: with --jobs both would write the same packages.
ifneq ($(filter test test-all pytest lint types,$(MAKECMDGOALS)),)
$(VENV)/.installed: | $(VENV)/.installed-dev
endif

$(VENV)/.installed-docs: $(VENV)/.installed
	$(PIP) --no-build-isolation --editable '.[docs]'
	@touch $@
