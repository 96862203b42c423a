# Every target works in a fresh clone: it makes .venv itself, and does not redo what is done.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PYTHONPATH := functions

.PHONY: help demo dev test lint lock clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gallery-sync needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what requirements-dev.txt pins into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@

demo: $(READY)  ## pictures travel from bucket to gallery, all on this machine; DROP=folder takes your own
	@$(BIN)/python -m infra.local.demo $(if $(DROP),--drop "$(DROP)")

dev: $(READY)  ## the local cloud, kept running until Ctrl-C
	@$(BIN)/python -m infra.local.dev

test: $(READY)  ## all tests, with coverage
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term

lint: $(READY)  ## formatting, rules, types, which module may import which
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: $(READY)  ## pin and hash every dependency anew (functions/requirements.txt, requirements-dev.txt)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --output-file functions/requirements.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --constraint functions/requirements.txt --extra dev --output-file requirements-dev.txt pyproject.toml

clean:  ## remove what the other targets made
	@rm -rf $(VENV) build sample .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
