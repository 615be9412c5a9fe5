# Everything here needs Python 3.11 or newer and make; the rest is installed into .venv, once.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
DATA ?= ../shared/data
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
# Bytecode is written here, also where the environment keeps Python from writing it: every command starts faster.
COMPILE := $(BIN)/python -m compileall -q -j 2 .venv/lib onestory crawler dedupe news_events newsroom pipelines store

# A stamp is as old as the last installation; a newer list of dependencies makes the next one.
FOR_USE := .venv/installed
FOR_WORK := .venv/installed-for-work
FOR_BENCH := .venv/installed-for-bench
LISTS := $(BIN)/python pyproject.toml constraints.txt

.PHONY: help run test lint mutants wheel sbom audit compose-check bench scoreboard soak reference clean

help:
	@echo "make run     start Onestory: crawl, and serve the pages; more words to it in ARGS"
	@echo "make test    run all tests; some of them: make test ARGS=tests/store"
	@echo "make lint    style, format, types, the order of the packages, Dockerfile and Compose file"
	@echo "make mutants change one operator at a time in the pure core, and list the changes that no test notices"
	@echo "make wheel   build the wheel, install it into a fresh environment and run the demo from there"
	@echo "make sbom    list what an installation consists of, with licences and hashes, in build/onestory.cdx.json"
	@echo "make audit   ask for known vulnerabilities of what is pinned; without a network it says so"
	@echo "make compose-check  build the image and run the whole stack for real; ENGINE=own brings the engine along"
	@echo "make bench   measure what the documentation claims, with the data in DATA"
	@echo "make scoreboard  score the stories against every labelled set in DATA, others beside them"
	@echo "make soak    a simulated week of crawls, one killed a day: a quarter of an hour, or a tenth with ARGS=--quick"
	@echo "make reference  render the reference of the Python API into build/reference"
	@echo "make clean   remove .venv and what the tools leave; no data folder is touched"

run: $(FOR_USE)
	@exec $(BIN)/onestory run $(ARGS)

test: $(FOR_WORK)
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(FOR_WORK)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases deploy/compose_check
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/hadolint --failure-threshold error Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml

mutants: $(FOR_BENCH)
	@$(BIN)/python benchmarks/mutants.py $(ARGS)

reference: $(FOR_BENCH)
	@$(BIN)/python -m pdoc --docformat markdown --output-directory build/reference onestory '!onestory.store.migrations'

wheel: $(FOR_WORK)
	@PYTHON=$(BIN)/python bash .ci/check-wheel

sbom: $(FOR_WORK)
	@PYTHON=$(BIN)/python bash .ci/supply-chain sbom

audit: $(FOR_WORK)
	@PYTHON=$(BIN)/python bash .ci/supply-chain audit

# ENGINE=own: an engine and stand-ins for the official images, made of Debian's packages.
compose-check:
	@$(if $(filter own,$(ENGINE)),deploy/compose_check/engine) $(PYTHON) -m deploy.compose_check $(ARGS)

bench: $(FOR_BENCH)
	@test -d "$(DATA)" || { echo "no data in $(DATA): name its folder, as in make bench DATA=../data" >&2; exit 2; }
	@set -e; for script in $$(grep -l '"--data"' benchmarks/[a-z]*.py); do \
		name=$$(basename "$$script" .py); test "$$name" != soak || continue; \
		echo "== benchmarks.$$name"; $(BIN)/python -m "benchmarks.$$name" --data "$(DATA)"; done

scoreboard: $(FOR_WORK)
	@test -d "$(DATA)" || { echo "no data in $(DATA): name its folder, as in make scoreboard DATA=../data" >&2; exit 2; }
	@$(BIN)/python -m benchmarks.scoreboard --data "$(DATA)" --peers --shuffles 5 $(ARGS)

soak: $(FOR_WORK)
	@$(BIN)/python benchmarks/soak.py $(ARGS)

clean:
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(FOR_USE): $(LISTS)
	@echo "installing onestory into .venv; this takes a minute, once"
	@$(PIP) -e .
	@$(COMPILE) >/dev/null || true
	@touch $@

$(FOR_WORK): $(LISTS)
	@echo "installing onestory and its tools into .venv; this takes a minute, once"
	@$(PIP) -e '.[dev]'
	@$(COMPILE) >/dev/null || true
	@touch $@ $(FOR_USE)

$(FOR_BENCH): $(LISTS)
	@echo "installing onestory and its peers into .venv; this takes a minute, once"
	@$(PIP) -e '.[dev,bench]'
	@$(COMPILE) >/dev/null || true
	@touch $@ $(FOR_WORK) $(FOR_USE)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Onestory needs Python 3.11 or newer; install one, or name it:" \
		"make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make environments" \
		"(ensurepip is missing): on Debian and Ubuntu, apt install python3-venv" >&2; exit 2; }
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --upgrade pip
