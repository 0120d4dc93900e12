# Everything runs from .venv, which `make setup` creates in this checkout. A second run does only what changed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.setup-done
LOCKS := requirements-setup.lock requirements.lock processor/requirements-lambda.lock
EVENTS ?= 100000
RESOLVE = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock rules benchmark clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv with the locked packages and fetch the processor's wheels

$(STAMP): $(LOCKS) pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: install Python 3.11 or newer, or call make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "creating .venv"; $(PYTHON) -m venv .venv; } || \
	  { rm -rf .venv; echo "$(PYTHON) cannot create a virtual environment: apt install python3-venv"; exit 1; }
	@echo "installing the locked packages into .venv and compiling them"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@echo "fetching the processor's wheels for the cloud"
	@$(BIN)/python -m processor.packaging fetch
	@touch $(STAMP)

demo: setup ## the main job on the embedded cloud: EVENTS=100000 events in, every one accounted for
	@$(BIN)/homeshore demo --events $(EVENTS)

test: setup ## all tests
	@$(BIN)/python -m pytest

check: setup ## lint, format, types, import direction, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m stacks.schema
	$(BIN)/python -m validity.build

format: setup ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## resolve the dependencies anew: pinned, hashed, no index address
	$(RESOLVE) --group setup -o requirements-setup.lock
	$(RESOLVE) pyproject.toml --group dev --group benchmark -o requirements.lock

rules: setup ## write the rule tables of validity/ anew, from the pinned descriptions of the clouds' APIs
	@rm -rf .build/rules
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --group validity --target .build/rules
	@$(BIN)/python -m validity.build --write

benchmark: setup ## measure; figures are ratios from one run
	$(BIN)/python benchmarks/processor.py
	$(BIN)/python benchmarks/engine.py

clean: ## remove what setup and the commands made in this checkout
	rm -rf .venv .build .homeshore .pytest_cache .ruff_cache .hypothesis
