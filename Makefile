# `make report` and `make test` do everything from a fresh clone: .venv, locked dependencies, the job.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
STUDY ?= demo
# two workers on two cores: one thread of linear algebra each
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --no-loadscope-reorder
# folders of tests that have a command of their own
TESTS := tests $(addprefix --ignore tests/,browser spark tutorials packaging)
export PYTHONHASHSEED := 0
# compiled modules and rewritten asserts are kept: each process of a run would compile them again
export PYTHONDONTWRITEBYTECODE :=

.PHONY: report test quick studies fuzz crash lint docs lab browser tutorials packaging dist spark proofs benchmark lock environment hooks clean
.DEFAULT_GOAL := report

report: $(READY)
	@if [ $(STUDY) = demo ] && [ ! -d data/raw/demo ]; then $(BIN)/zgzx simulate data/raw/demo; fi
	@$(BIN)/zgzx run $(STUDY)

test: $(READY)
	$(PYTEST) $(TESTS)

quick: $(READY)
	$(PYTEST) -m "not slow and not study and not proof and not crash" $(TESTS)

# what `make test` leaves out for its length: more whole studies, and methods in many worlds
studies: $(READY)
	$(PYTEST) -m study $(TESTS)

# New random examples, many more than `make test` tries: about 20 minutes. The seed repeats a run.
ifndef SEED
SEED := $(shell date +%s)
endif
fuzz: $(READY)
	@echo "seed $(SEED): make fuzz SEED=$(SEED) repeats this run"
	$(PYTEST) -m hypothesis --hypothesis-profile fuzz --hypothesis-seed $(SEED) $(TESTS)

# Kills, full disks, two runs at once: about 10 minutes. The seed chooses the moments,
# KILLS is how many of each kind.
KILLS ?= 6
crash: $(READY)
	@echo "seed $(SEED): make crash SEED=$(SEED) KILLS=$(KILLS) repeats this run"
	SEED=$(SEED) KILLS=$(KILLS) CRASH_TABLE=docs/proofs/crash.md $(PYTEST) -m "crash or not crash" tests/crash

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# the documentation site, offline: docs/_build/html/index.html
docs: $(READY)
	$(BIN)/python -m sphinx -c docs/site -W --keep-going -q -d docs/_build/doctrees . docs/_build/html

# JupyterLab in Chinese, on a page that lists all notebooks; its settings, history and secrets stay in .jupyter.
# The fonts of the reports go along, for machines without Chinese ones.
LAB := .jupyter
TUTORIALS := $(wildcard notebooks/tutorials/*.py)
lab: export JUPYTER_CONFIG_DIR := $(CURDIR)/$(LAB)
lab: export JUPYTER_DATA_DIR := $(CURDIR)/$(LAB)/data
lab: export IPYTHONDIR := $(CURDIR)/$(LAB)/ipython
lab: $(READY)
	@mkdir -p $(LAB)/custom $(LAB)/labconfig
	@cp notebooks/style/custom.css zgzx_research/report/fonts/NotoSansSC-Regular.ttf $(LAB)/custom
	@cp notebooks/style/page_config.json notebooks/style/default_setting_overrides.json $(LAB)/labconfig
	@cp notebooks/style/jupyter_lab_config.json $(LAB)
	@$(if $(TUTORIALS),$(BIN)/jupytext --quiet --sync $(TUTORIALS))
	@$(BIN)/python -m zgzx_research.pipeline.start_page
	$(BIN)/jupyter lab $(LAB_OPTIONS)

browser: $(READY)
	sh .ci/chromium
	$(BIN)/python -m pytest tests/browser

# the notebooks beside the sources are made, and each is run with every solution and mistake
tutorials: $(READY)
	$(BIN)/jupytext --quiet --sync notebooks/tutorials/[0-9]*.py
	$(PYTEST) tests/tutorials

# the lock of Spark and polars is apart: 630 MB that few need. -n 0: one Java for all tests
spark: $(READY)
	sh .ci/java
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-engines.lock
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 0 -rs tests/spark
	$(BIN)/python -m pytest -n 0 -k polars tests/unit/did tests/cases/test_clock.py

# the wheel is built from the sdist, with the build tools of .venv
dist: $(READY)
	$(BIN)/uv build --quiet --clear --no-build-isolation --python $(BIN)/python
	@ls dist

# the wheel in a bare environment outside the repository: a new project there runs to its reports;
# with another Python: make packaging BARE_PYTHON=python3.13
packaging: $(READY)
	BARE_PYTHON=$(BARE_PYTHON) $(BIN)/python -m pytest tests/packaging

WORLDS ?= 2000
CLEANED ?= 200
PEOPLE ?= 100
BOUNDED ?= 1000
CHECKED ?= 500
DESIGNED ?= 300
CLAIMED ?= 200
proofs: $(READY)
	$(PYTEST) -m proof tests
	$(BIN)/python -m zgzx_research.proofs coverage $(WORLDS)
	$(BIN)/python -m zgzx_research.proofs traps $(WORLDS)
	$(BIN)/python -m zgzx_research.proofs cleaning $(CLEANED)
	$(BIN)/python -m zgzx_research.proofs people $(PEOPLE)
	$(BIN)/python -m zgzx_research.proofs honest_bounds $(BOUNDED)
	$(BIN)/python -m zgzx_research.proofs robustness $(CHECKED)
	$(BIN)/python -m zgzx_research.proofs designs $(DESIGNED)
	$(BIN)/python -m zgzx_research.proofs claims $(CLAIMED)
	$(BIN)/python tests/scenarios/sentence_table.py $(CLAIMED)

# peers live in an environment of their own
PEERS := benchmarks/.venv
benchmark: $(READY) $(PEERS)/.ready
	$(BIN)/python benchmarks/run.py

$(PEERS)/.ready: benchmarks/requirements.txt
	@test -x $(PEERS)/bin/python || $(BIN)/python -m venv $(PEERS)
	@echo "installing the peers into $(PEERS)"
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

lock: $(READY)
	$(BIN)/uv pip compile --python $(BIN)/python --universal --generate-hashes --no-header --extra dev \
		--python-version 3.11 --output-file requirements.lock pyproject.toml --quiet
	$(BIN)/python .ci/extra.py spark polars | $(BIN)/uv pip compile - --python $(BIN)/python --universal --generate-hashes \
		--no-header --no-annotate --python-version 3.11 --output-file requirements-engines.lock --quiet

environment: $(READY)
	$(BIN)/python .ci/environment.py

hooks: $(READY)
	$(BIN)/pre-commit install

# only what can be made again: the agencies' files under data/raw stay
clean:
	rm -rf .venv .jupyter docs/_build data/raw/demo data/work .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -f notebooks/start.md
	find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

# An environment without .ready was not finished (uv takes half a package for a whole one), so it is made anew.
# uv comes first, at the locked version, and then installs the lock; --no-deps keeps the editable install offline.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" || \
		{ echo "zgzx_research needs Python 3.11 to 3.13; say which, e.g. make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)"
	@echo "installing the locked dependencies into .venv"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
