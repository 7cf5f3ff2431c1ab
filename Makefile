# `make` alone lists what there is.
PYTHON ?= python3
BIN ?= .venv/bin

.DEFAULT_GOAL := help
.PHONY: help env test fast lint format types docs names bench ci

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make .venv with everything for development
	$(PYTHON) -m venv .venv && $(BIN)/pip install -e ".[test,docs,lint]" && $(BIN)/pre-commit install

fast: ## tests that take less than a second each
	$(BIN)/pytest -m "not slow" -n auto

test: ## all tests, doctests and code blocks of the docs
	$(BIN)/pytest -n auto

lint: ## ruff, without changing anything
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: ## ruff, mending what it can
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: ## mypy
	$(BIN)/mypy

docs: ## the docs site, warnings as errors, into docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -E -b html docs docs/_build/html

names: ## enter new public names in the reference pages and the architecture table
	$(BIN)/python docs/names.py

bench: ## run every benchmark and store its result
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

ci: ## what continuous integration runs
	bash .ci/run
