# `make setup` once, `make grade` to see the grader at work, `make test` for the
# project's own tests. Everything is installed into .venv and nowhere else.
# Students have this file too, without solutions: there it sets up and grades.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2
INSTRUCTOR := $(wildcard solutions)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev grade test lint notebooks clean

ifdef INSTRUCTOR
NN     ?= 04

help:
	@echo "make setup      a virtual environment in $(VENV) with all requirements"
	@echo "make grade      grade assignment $(NN): solved, blank, and with a mistake"
	@echo "make notebooks  regenerate and execute the notebooks of assignment $(NN)"
	@echo "make lint       ruff, mypy, import-linter"
	@echo "make test       lint, then the project's own tests"
	@echo "make clean      remove $(VENV) and everything generated"
	@echo "PYTHON=...      the Python to build $(VENV) with, 3.11 to 3.13"
else
help:
	@echo "make setup      a virtual environment in $(VENV) with all requirements"
	@echo "make grade      your points; make grade NN=04 for one assignment"
	@echo "make clean      remove $(VENV) and everything generated"
	@echo "PYTHON=...      the Python to build $(VENV) with, 3.11 to 3.13"
endif

# A stamp is written last: an interrupted installation is taken up again, and a
# finished one only when the requirements change.
setup: $(VENV)/requirements.stamp

setup-dev: $(VENV)/requirements-dev.stamp

$(VENV)/created.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	  || { found=$$($(PYTHON) -V 2>&1) || found="not there"; \
	       echo "make: needs Python 3.11 to 3.13, and '$(PYTHON)' is $$found; try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "make: '$(PYTHON)' lacks its venv module; on Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/requirements.stamp: requirements.txt pyproject.toml $(VENV)/created.stamp
	@echo "Installing requirements.txt into $(VENV): a few minutes, about 3 GB ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/requirements-dev.stamp: requirements-dev.txt $(VENV)/requirements.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

ifdef INSTRUCTOR
grade: setup
	@echo "== Assignment $(NN), the reference solution: full marks"
	@$(BIN)/python -m grader assignments/$(NN) solutions/$(NN)
	@echo "== Assignment $(NN), the blank notebook: nothing yet, and hints"
	@$(BIN)/python -m grader assignments/$(NN) || test $$? -eq 1
	@echo "== Assignment 04, one common mistake: its points lost, and the hint"
	@$(BIN)/python -m grader assignments/04 --mistake flips_the_kernel || test $$? -eq 1

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: setup
	$(BIN)/python -m grader regenerate --execute $(NN)
else
# Lost points are no error of make's.
grade: setup
	@$(BIN)/python -m grader $(if $(NN),assignments/$(NN),$(sort $(wildcard assignments/*/))) \
	  || test $$? -eq 1
endif

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
