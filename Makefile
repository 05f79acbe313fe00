# Everything a newcomer, a developer or CI runs. `make demo` and `make test` do all set-up by themselves.

VENV ?= .venv
# Windows (Git Bash) keeps the programs of an environment elsewhere, and has no other shell that reads these lines.
BIN = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PYTHON = $(BIN)/python
SHELL = bash
# Extra arguments for pip, for example PIP_ARGS="--index-url https://mirror.example/simple".
PIP_ARGS ?=
# Arguments for a benchmark, for example ARGS="--only alarms --cases 3".
ARGS ?=

.PHONY: help venv program demo docs test test-long screenshots weights lint format clean
help:
	@echo "make demo        set up, then show what the program does on a generated case"
	@echo "make test        set up, lint, run the tests"
	@echo "make test-long   the campaigns of which make test keeps a sample"
	@echo "make bench-NAME  measure; NAME is one of: $(BENCHES); arguments: ARGS='…'"
	@echo "make docs        the documentation as a site, into build/site; a warning is an error"
	@echo "make screenshots the window and its views as pictures, for docs/images"
	@echo "make weights     train and export the models that ship, into build/weights: hours; given again, goes on"
	@echo "make format      put the code into the house's format"
	@echo "make program     set up the command line only (into $(VENV))"
	@echo "make venv        set up everything, for tests and documentation too"

venv: ; @VENV=$(VENV) PIP_ARGS="$(PIP_ARGS)" .ci/setup

program: ; @VENV=$(VENV) PIP_ARGS="$(PIP_ARGS)" .ci/setup use

demo: program ; @$(PYTHON) -m MissingModalitySegLib demo --output build/demo

lint: venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

test: lint ; @$(PYTHON) -m pytest -n 2 --dist worksteal -m "not long"

test-long: venv ; @$(PYTHON) -m pytest -n 2 --dist worksteal

docs: venv ; @$(BIN)/mkdocs build --strict --clean

screenshots: venv ; @$(PYTHON) Testing/screenshots/take.py

weights: venv ; @$(PYTHON) -m MissingModalitySegTraining.weights --output build/weights

format: venv
	@$(PYTHON) .ci/list-python-files
	@$(PYTHON) .ci/list-texts
	@$(PYTHON) Testing/docs/command_line.py
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

BENCHES = $(patsubst Testing/benchmarks/bench_%.py,%,$(wildcard Testing/benchmarks/bench_*.py))
.PHONY: $(addprefix bench-,$(BENCHES))
$(addprefix bench-,$(BENCHES)): bench-%: venv ; @$(PYTHON) Testing/benchmarks/bench_$*.py $(ARGS)

clean: ; rm -rf build dist .ruff_cache .hypothesis
