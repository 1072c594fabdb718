# The verbs of the day. Each one sets up what it needs; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# One group of tests per file, so that a file's fixtures are built once; the journeys, which are the longest, first.
PARALLEL := -n 2 --dist loadgroup --no-loadscope-reorder
SOURCES := $(wildcard bot handlers sandbox companion tests tools bench setup.py)
FAST := not (browser or postgres or slow or journey or bench or chaos)

.PHONY: help
help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## Virtual environment, locked dependencies, a browser for the tests; quick when nothing changed
	@tools/setup

.PHONY: demo
demo: setup  ## Sandbox, local workspace and bot in one terminal; prints one address (SCENARIO=, PORT=, NO_BROWSER=1)
	@exec $(BIN)/nimdesk demo $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(PORT),--port $(PORT)) $(if $(NO_BROWSER),--no-browser)

.PHONY: test
test: setup  ## Every test; what this machine cannot run is skipped with its reason
	@$(PYTEST) $(PARALLEL) -m "not chaos" $(ARGS)

.PHONY: test-fast
test-fast: setup  ## The tests without network, database server, browser or started programs
	@$(PYTEST) $(PARALLEL) -m "$(FAST)" $(ARGS)

.PHONY: check
check: setup  ## Formatter, linter, types, import contracts, then the fast tests; changes nothing
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST) $(PARALLEL) -m "$(FAST)" $(ARGS)

.PHONY: fmt
fmt: setup  ## Format, and fix what the linter can fix
	@$(BIN)/ruff check --fix-only --quiet $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

.PHONY: journeys
journeys: setup  ## Only the walks from Slack to Slack, in a real browser
	@$(PYTEST) -m journey $(ARGS)

.PHONY: screenshots
screenshots: setup  ## A picture of each step of the story in build/screenshots, and the README's
	@NIMDESK_SCREENSHOTS=build/screenshots $(PYTEST) tests/journeys/test_browser.py $(ARGS)
	@$(BIN)/python tools/symptom_pictures.py demo

.PHONY: chaos
chaos: setup  ## The fault runs, at most 10 minutes
	@$(BIN)/python tools/at_most.py 600 $(PYTEST) -m chaos --timeout=580 $(ARGS)

.PHONY: bench
bench: setup  ## The benchmarks, or one of them (BENCH=name); writes bench/results/*.json
	@$(BIN)/python -m bench $(BENCH)

.PHONY: snap
snap: setup  ## Accept changed snapshots; read the diff afterwards
	@$(PYTEST) --snapshot-update -m "$(FAST)" $(ARGS)
	@git diff --stat -- '*.ambr' '**/__snapshots__/**'

.PHONY: render
render: setup  ## Draw one example of a template again on every save (T=findings/errored_orders); without T list them
	@$(BIN)/python -m bot.slack.preview $(T)

.PHONY: docs
docs: setup  ## Check the documentation against the code
	@$(PYTEST) tests/test_docs.py $(ARGS)

.PHONY: lock
lock: setup  ## Resolve requirements.lock again from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev --no-header \
	  pyproject.toml -o requirements.lock
