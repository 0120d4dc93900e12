# Everything runs from .venv, which `make setup` creates in this checkout. A second run does only what changed.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.setup-done
LOCKS := requirements-setup.lock requirements.lock $(wildcard processor/requirements-*.lock)
EVENTS ?= 100000
AZURITE := .build/azurite/node_modules/.installed
RESOLVE = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header
# For the processor's packages: Linux on x86_64, wheels only, in the versions that the tests run.
RESOLVE_LINUX = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate \
  --only-binary :all: --python-platform x86_64-manylinux_2_28 --constraint requirements.lock

.DEFAULT_GOAL := help
.PHONY: help setup emulators demo test check format lock rules benchmark clean

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

emulators: $(AZURITE) ## what the tests need beside Python: Azurite, where node is there

$(AZURITE): homeshore/emulators/azurite/package.json homeshore/emulators/azurite/package-lock.json
	@command -v npm >/dev/null || { echo "no npm here: the tests that write to Azurite will be skipped, and demo --cloud azure cannot run"; exit 0; }; \
	  echo "installing Azurite into .build/azurite"; mkdir -p .build/azurite && cp $^ .build/azurite/ && \
	  cd -P .build/azurite && npm ci --silent --ignore-scripts --no-audit --no-fund && touch node_modules/.installed

demo: setup ## the main job on the embedded cloud: EVENTS=100000 events in, every one accounted for
	@$(BIN)/homeshore demo --events $(EVENTS)

test: setup emulators ## all tests, a file to a worker
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: setup ## lint, format, types, import direction, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m stacks.schema
	$(BIN)/python -m validity.build
	$(BIN)/python -m tests.conformance.parity
	$(BIN)/python -m policies.build.docs
	$(BIN)/python -m policies.build.taggable
	$(BIN)/python -m policies.build.types --check
	$(BIN)/python -m policies.build.azure_located --check
	$(BIN)/python -m policies.build.azure_moved --check
	$(BIN)/python -m policies.build.gcp_defaulted
	$(BIN)/python -m tests.policies.backstop.table
	$(BIN)/python -m tests.policies.ways.table

format: setup ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## resolve the dependencies anew: pinned, hashed, no index address
	$(RESOLVE) --group setup -o requirements-setup.lock
	$(RESOLVE) pyproject.toml --group dev --group benchmark --group clouds -o requirements.lock
	$(RESOLVE_LINUX) --python-version 3.12 --group functions -o processor/requirements-functions-3.12.lock
	$(RESOLVE_LINUX) --python-version 3.13 --group functions -o processor/requirements-functions-3.13.lock
	$(RESOLVE_LINUX) --python-version 3.13 --group cloud-run -o processor/requirements-cloud-run.lock
	$(RESOLVE_LINUX) --python-version 3.13 --group lakehouse -o processor/requirements-lakehouse.lock

rules: setup ## write the tables of validity/ and geography/ anew, from the pinned descriptions of the clouds' APIs
	@rm -rf .build/rules
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --group validity --target .build/rules
	@$(BIN)/python -m validity.build --write
	@$(BIN)/python -m geography.build --write

benchmark: setup ## measure; figures are ratios from one run
	$(BIN)/python benchmarks/processor.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/lakehouse.py
	$(BIN)/python benchmarks/policies.py

clean: ## remove what setup and the commands made in this checkout
	rm -rf .venv .build .homeshore .pytest_cache .ruff_cache .hypothesis
