# Everything that is done to Komek. It needs Python 3.11 or later, make and git.

PYTHON ?= python3
BIN := .venv/bin
AUDIT := .venv/audit
HOSTILE := .venv/hostile
TWICE_THE_CORES := $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN)) # who starts processes waits for them half of the time

unexport PYTHONDONTWRITEBYTECODE # what is compiled is kept: to compile the tests anew takes seconds

.PHONY: help setup run dev browser fast test check lint sbom audit hostile bench conversations animation screenshots schemas territories lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/dev ## make the environment, from the lock files
run: .venv/run ## start the service on a server of its own
	@$(BIN)/python main.py serve

dev: .venv/run ## the same, started anew when code or pages change; the menu is taken up live
	@$(BIN)/python -m cli.dev

browser: ## install Chromium for the tests, where there is none
	@tests/install_packages.sh chromium

fast: .venv/dev ## run the tests that start no process: half a minute, for every change
	$(BIN)/pytest --numprocesses auto --dist worksteal -m "not process"

test: .venv/dev ## run every test and measure coverage; some only: pytest tests/sms, -m browser, -k outbox
	-@tests/install_packages.sh
	$(BIN)/pytest --numprocesses $(TWICE_THE_CORES) --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=

check: lint sbom audit test ## what CI runs

lint: .venv/dev ## style, types, the container files, the menu
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/python main.py check

sbom: $(AUDIT)/made ## list what the service is made of, in CycloneDX's form: sbom.json
	$(AUDIT)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file sbom.json requirements/run.txt

audit: $(AUDIT)/made ## fail where a weakness of a package is known, as far as the advisories are reached
	@$(AUDIT)/bin/pip-audit --disable-pip --progress-spinner off --format json \
		-r requirements/run.txt 2>$(AUDIT)/said | \
		$(AUDIT)/bin/python requirements/audit.py $(AUDIT)/said

hostile: .venv/dev $(HOSTILE)/made ## post 10,000 times at random what the callbacks and pages are described to take, and not
	$(BIN)/python -m benchmarks.described --tool $(HOSTILE)/bin/schemathesis

bench: .venv/dev ## measure and draw: a hop beside its floor and two peers
	$(BIN)/python benchmarks/hop.py

conversations: .venv/dev ## write the screens of tests/conversations anew, to be read
	$(BIN)/pytest tests/ussd/test_conversations.py --rewrite
	$(BIN)/python -m tests.ussd.animated_dial

animation: .venv/dev ## draw the moving picture of the README anew
	$(BIN)/python -m tests.ussd.animated_dial

screenshots: .venv/dev browser ## take the pictures of the pages in docs/ anew
	$(BIN)/python -m tests.web.screenshots

schemas: .venv/run ## write menus/schema/ anew from the forms
	$(BIN)/python -m menus.loading.schema

territories: .venv/dev ## write the names of all countries anew from CLDR
	$(BIN)/python -m menus.countries.territories

lock: .venv/dev ## resolve the dependencies anew; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras \
		--upgrade pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras \
		--upgrade pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras \
		--upgrade --group audit -o requirements/audit.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade --group hostile -o requirements/hostile.txt

clean: ## remove the environment and what the tests left
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/run: requirements/run.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

$(AUDIT)/made $(HOSTILE)/made: .venv/%/made: requirements/%.txt .venv/run
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --require-hashes -r $<
	@touch $@
