# Two commands are for newcomers: `make demo` and `make test`. Each sets up all that it needs by itself.
# Needs Python 3.11, 3.12 or 3.13 (say PYTHON=python3.12 for another than python3) and a package index.

PYTHON ?= python3
SEEDS ?= 100
FIRST ?= 0
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := test
.PHONY: install demo test check fix docs soak explore bench performance audit lock clean

install: $(INSTALLED) ## put source-opsgenie, opsgenie-archive and opsgenie-simulator into .venv/bin

$(INSTALLED): requirements.txt pyproject.toml simulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed: say 'make PYTHON=python3.12 $(MAKECMDGOALS)'."; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e simulator
	@$(BIN)/python -m pip check --disable-pip-version-check >/dev/null || { $(BIN)/python -m pip check; exit 1; }
	@touch $@

demo: install ## copy a simulated account into a DuckDB file, twice, and ask it something
	@$(BIN)/python examples/demo.py

test: check ## everything that CI runs
	$(BIN)/pytest --quiet --numprocesses 2 --dist worksteal --cov --cov-report term

check: install
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

fix: install ## mend what can be mended by itself
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

docs: install ## write the generated pages and parts of pages
	$(BIN)/python docs/generate.py

soak: install ## read large and changing accounts, for minutes: a table, and whether all of it is there
	$(BIN)/python -m benchmarks.soak

explore: install ## read SEEDS random accounts from the number FIRST on, and hold what came against them
	$(BIN)/python -m benchmarks.explore $(SEEDS) $(FIRST)

bench: install ## measure side by side with the public connector, for some 25 minutes; ONLY=children measures a part
	$(BIN)/python -m benchmarks.bench $(ONLY)

performance: install ## the same on a quiet machine, and write the tables of docs/performance.md anew
	$(BIN)/python -m benchmarks.bench --write $(ONLY)

audit: install ## ask a service on the network whether a dependency has a known weakness
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt || { \
		echo "Either a weakness is named above, or the service could not be asked: then nothing is known either way."; \
		exit 1; }

lock: install ## resolve the dependencies anew, with hashes and without the index they came from
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--group dev --extra archive pyproject.toml simulator/pyproject.toml --output-file requirements.txt

clean: ## remove what make made
	rm -rf $(VENV) demo .coverage benchmarks/.public
