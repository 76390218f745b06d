# Start with `make demo` or `make test`. Each installs everything that it needs into .venv.
# Requires Python 3.11, 3.12, 3.13 or 3.14 (set PYTHON=python3.12 to use another than python3) and a package index.

PYTHON ?= python3
SEEDS ?= 100
LOCKS := run test materials
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
# Without byte code, each command that a test starts would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(PYTHON) tools/install.py

.DEFAULT_GOAL := test
.PHONY: install archive wheel develop demo test test-clients airbyte-pr test-lowest check coverage fix docs soak explore \
	bench performance audit lock upgrade release clean

install: ## install source-opsgenie, opsgenie-archive and opsgenie-simulator into .venv/bin
	@$(INSTALL) run

archive: ## install opsgenie-archive alone, without Airbyte's libraries, into .venv-archive/bin
	@$(INSTALL) archive

wheel: archive ## build the wheel of opsgenie-archive into dist
	@cd archive && ../.venv-archive/bin/python -m hatchling build --target wheel --directory ../dist

develop: ## install what the tests and checks need as well
	@$(INSTALL) test

demo: install ## copy a simulated account into a DuckDB file, twice, and query it
	@$(BIN)/python examples/demo.py

test: check ## run everything that CI runs
	$(BIN)/pytest --quiet -rs --randomly-seed=$(ORDER) --numprocesses 2 --dist worksteal

coverage: develop ## run the tests and list the lines and branches that none of them reaches; half as long again
	$(BIN)/pytest --quiet --randomly-seed=$(ORDER) --numprocesses 2 --dist worksteal --cov --cov-report term

# Programs that people use together with ours. One that does not install is skipped, with the reason.
CLIENTS := pyairbyte pyairbyte-next dlt dagster airbyte-pr public
test-clients: develop ## install the programs of CLIENTS, each in an environment of its own, and test ours with them
	@for client in $(CLIENTS); do \
		$(INSTALL) $$client || echo "$$client cannot be installed, see above: its tests are skipped."; \
	done
	$(BIN)/pytest --quiet --randomly-seed=$(ORDER) --numprocesses 2 -m clients -rs $(ONLY)

airbyte-pr: develop ## render the files of the pull request PR=12345 to Airbyte's repository into build/airbyte
	@$(BIN)/python -m tools.airbyte_pr --pr "$(PR)" $(INTO:%=--into "%")

test-lowest: ## run the tests, or those in ONLY, with the lowest versions that pyproject.toml allows
	@$(INSTALL) lowest
	.venv-lowest/bin/pytest --quiet --numprocesses 2 --dist worksteal $(ONLY)

check: develop
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports $(NO_CACHE)
	$(BIN)/python docs/generate.py --check

fix: develop ## fix lint and format automatically
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

docs: develop ## generate the reference pages and tables in docs and README.md
	$(BIN)/python docs/generate.py

soak: develop ## read large and changing accounts for some minutes, and check that every row was read
	$(BIN)/python -m benchmarks.soak

explore: develop ## search for faults: ROUNDS of the property tests and SEEDS random accounts, from seed FIRST on
	@for seed in $$(seq $(FIRST) $$(($(FIRST) + $(ROUNDS) - 1))); do \
		echo "Property tests with seed $$seed"; \
		$(BIN)/pytest --quiet -m hypothesis --hypothesis-profile explore --hypothesis-seed $$seed --randomly-seed $$seed || \
		{ echo "Run 'make explore FIRST=$$seed SEEDS=0' to repeat this."; exit 1; }; \
	done
	$(BIN)/python -m benchmarks.explore $(SEEDS) $(FIRST)

bench: develop ## compare with the public connector, for about 35 minutes; ONLY=children runs a part
	$(BIN)/python -m benchmarks.bench $(ONLY)

performance: develop ## run the benchmarks on a quiet machine and update the tables in docs/performance.md
	$(BIN)/python -m benchmarks.bench --write $(ONLY)

audit: develop ## check the dependencies for known vulnerabilities (uses the network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip $(LOCKS:%=--requirement requirements/%.txt) || { \
		echo "Either a vulnerability is listed above, or the service was unreachable and nothing was checked."; \
		exit 1; }

lock: ## lock what pyproject.toml declares, keep all other pins, and print what changed
	@$(PYTHON) tools/lock.py

upgrade: ## lock the newest versions that pyproject.toml allows, and print what changed
	@$(PYTHON) tools/lock.py --upgrade

release: develop ## set VERSION, test, build into dist, commit and tag; docs/release.md says how to publish it
	$(BIN)/python tools/release.py prepare "$(VERSION)"
	$(MAKE) test
	@$(INSTALL) materials
	$(BIN)/python tools/release.py finish "$(VERSION)"

clean: ## remove everything that make created
	rm -rf $(VENV) .venv-* demo dist build .coverage benchmarks/.public
