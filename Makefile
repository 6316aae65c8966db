# Two commands from a fresh clone: `make run` and `make test`. Everything is done only when it is due.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run dev demo test test-sqlite test-postgresql lint format types lock clean

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

run: export DEMO ?= 1
run: demo ## Install, prepare and serve on http://127.0.0.1:8000 (PORT=8001 for another port).
	@exec $(MANAGE) serve --host $(HOST) --port $(PORT)

dev: export DEBUG = 1
dev: export DEMO ?= 1
dev: demo ## The same with Django's development server: reloads, shows errors.
	@exec $(MANAGE) runserver $(HOST):$(PORT)

demo: export DEMO ?= 1
demo: $(VENV)/installed ## Install, migrate, load the five incidents, collect static files.
	@$(MANAGE) demo

test: test-sqlite test-postgresql ## Every test on SQLite, then every test on PostgreSQL.

test-sqlite: $(VENV)/installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal --database=sqlite

test-postgresql: $(VENV)/installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal --database=postgresql

lint: $(VENV)/installed-test ## Style and common mistakes: Python and templates.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if find templates -name '*.html' 2>/dev/null | grep -q .; then $(BIN)/djlint templates --lint --quiet; fi

format: $(VENV)/installed-test ## Let the formatter lay out the Python files.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

types: $(VENV)/installed-test ## Types.
	$(BIN)/mypy .

lock: ## Choose the newest versions that requirements/*.in allow (needs uv).
	cd requirements && for name in run test; do \
	  uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --only-binary :all: \
	    --emit-build-options --no-header --no-annotate $$name.in -o $$name.txt || exit 1; done

clean: ## Remove the virtual environment and caches; data stays.
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one with PYTHON=...")'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)

# A stamp is touched last: an install that was cut short is done again.
$(VENV)/installed: requirements/run.txt | $(BIN)/python
	@echo "Installing what the site needs ..."
	@$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/installed-test: requirements/test.txt | $(BIN)/python
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes -r $<
	@touch $@
