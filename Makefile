# Start with `make demo` or `make test`. Each installs everything that it needs into .venv.
# Requires Python 3.11, 3.12 or 3.13 (set PYTHON=python3.12 to use another than python3) and a package index.

PYTHON ?= python3
SEEDS ?= 100
ROUNDS ?= 1
ifndef FIRST
FIRST := $(shell date +%s)
endif
ORDER ?= 13
# A checkout that cannot be written to gets no caches.
ifneq ($(shell test -w . || echo read-only),)
export MYPY_CACHE_DIR := /dev/null
export RUFF_NO_CACHE := true
export PYTEST_ADDOPTS += -p no:cacheprovider
export COVERAGE_FILE := $(or $(TMPDIR),/tmp)/source-opsgenie-$(shell id -u).coverage
NO_CACHE := --no-cache
endif
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := test
.PHONY: install demo test check fix docs soak explore bench performance audit lock release clean

install: $(INSTALLED) ## install source-opsgenie, opsgenie-archive and opsgenie-simulator into .venv/bin

$(INSTALLED): requirements.txt pyproject.toml simulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is required. Run 'make PYTHON=python3.12 $(MAKECMDGOALS)'."; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e simulator
	@$(BIN)/python -m pip check --disable-pip-version-check >/dev/null || { $(BIN)/python -m pip check; exit 1; }
	@touch $@

demo: install ## copy a simulated account into a DuckDB file, twice, and query it
	@$(BIN)/python examples/demo.py

test: check ## run everything that CI runs
	$(BIN)/pytest --quiet --randomly-seed=$(ORDER) --numprocesses 2 --dist worksteal --cov --cov-report term

check: install
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports $(NO_CACHE)
	$(BIN)/python docs/generate.py --check

fix: install ## fix lint and format automatically
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

docs: install ## generate the reference pages and tables in docs and README.md
	$(BIN)/python docs/generate.py

soak: install ## read large and changing accounts for some minutes, and check that every row was read
	$(BIN)/python -m benchmarks.soak

explore: install ## search for faults: ROUNDS of the property tests and SEEDS random accounts, from seed FIRST on
	@for seed in $$(seq $(FIRST) $$(($(FIRST) + $(ROUNDS) - 1))); do \
		echo "Property tests with seed $$seed"; \
		$(BIN)/pytest --quiet -m hypothesis --hypothesis-profile explore --hypothesis-seed $$seed --randomly-seed $$seed || \
		{ echo "Run 'make explore FIRST=$$seed SEEDS=0' to repeat this."; exit 1; }; \
	done
	$(BIN)/python -m benchmarks.explore $(SEEDS) $(FIRST)

bench: install ## compare with the public connector, for about 25 minutes; ONLY=children runs a part
	$(BIN)/python -m benchmarks.bench $(ONLY)

performance: install ## run the benchmarks on a quiet machine and update the tables in docs/performance.md
	$(BIN)/python -m benchmarks.bench --write $(ONLY)

audit: install ## check the dependencies for known vulnerabilities (uses the network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt || { \
		echo "Either a vulnerability is listed above, or the service was unreachable and nothing was checked."; \
		exit 1; }

lock: install ## lock the dependencies again, with hashes and without an index URL
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--group dev --extra archive pyproject.toml simulator/pyproject.toml --output-file requirements.txt

release: install ## set VERSION, test, build into dist, commit and tag; docs/release.md says how to publish it
	$(BIN)/python tools/release.py prepare "$(VERSION)"
	$(MAKE) test
	$(BIN)/python tools/release.py finish "$(VERSION)"

clean: ## remove everything that make created
	rm -rf $(VENV) demo dist .coverage benchmarks/.public
