# Everything that is done with this checkout. `make` lists it.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
export PYTHON
# An upgrade of the system's Python takes the packages of an environment away: then it is made and filled anew. Found
# out here, because make asks only once, and before it makes anything, whether a file is there.
_ := $(shell $(BIN)/python -c 'import pip' >/dev/null 2>&1 || rm -f $(BIN)/python $(VENV)/.base $(VENV)/.dev)

.DEFAULT_GOAL := help
.PHONY: help demo demo-fresh test quick faults bench storm lint format messages requirements clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.base ## the whole portal on this machine, with a season to look at (Ctrl-C stops it)
	@exec $(BIN)/python -m dipportal.demo

demo-fresh: $(VENV)/.base ## the same, starting over
	@exec $(BIN)/python -m dipportal.demo --fresh

test: $(VENV)/.dev ## checks and every test that this machine can run; says what it left out
	@exec $(BIN)/python scripts/run_tests.py

quick: $(VENV)/.dev ## the tests without processes, browser, PostgreSQL or gettext
	@exec $(BIN)/python -m pytest -q -m "not browser and not processes and not postgres and not gettext"

bench: $(VENV)/.dev ## how fast it is, as ratios measured in one run (needs PostgreSQL: DATABASE_URL)
	@exec $(BIN)/python -m bench

storm: $(VENV)/.dev ## 6,000 operations and 1,000 mails while workers, Redis and PostgreSQL are killed (half an hour at most)
	@exec $(BIN)/python -m tests.storms $(if $(SEED),--seed $(SEED))

faults: $(VENV)/.dev ## every schedule of up to three faults, then random histories (SEED=… plays one again)
	@exec $(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(OPTIONS)

lint: $(VENV)/.dev ## style, types, templates, import order, migrations, deployment settings
	@exec $(BIN)/python scripts/run_checks.py

format: $(VENV)/.dev ## bring Python and templates into the house format
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/djlint --reformat --quiet templates dipportal/sandbox/templates || true

messages: $(VENV)/.base ## collect and compile the translations (needs gettext)
	$(BIN)/python manage.py makemessages --locale nl --no-location --no-obsolete \
		--ignore $(VENV) --ignore var --ignore tests --ignore bench --ignore 'dipportal/sandbox/*'
	sed -i.bak '/^"POT-Creation-Date:/s/:.*/: 2026-01-01 00:00+0000\\n"/' locale/nl/LC_MESSAGES/django.po
	rm locale/nl/LC_MESSAGES/django.po.bak
	$(BIN)/python manage.py compilemessages --locale nl --ignore $(VENV) --ignore var

requirements: $(VENV)/.dev ## work out the pinned packages anew from the .in files
	cd requirements && ../$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header base.in
	cd requirements && ../$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header dev.in

clean: ## throw away caches, the demo's data and what tests left (.venv and the rest of var/ stay)
	rm -rf var/demo var/test var/screenshots .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find dipportal tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python=$$(sh scripts/find-python) && echo "Making $(VENV) with $$python …" && "$$python" -m venv --clear $(VENV)

$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo "Installing what the portal needs …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/base.txt | $(BIN)/python
	@echo "Installing what the checks and tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	@touch $@
