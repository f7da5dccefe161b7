# What a person does with this project. Needs make and python3 >= 3.11 with venv; everything else goes into .venv.
#
#   make run                      starts the web page and the API at http://127.0.0.1:8000
#   make run ARGS="--port 9000"   ARGS goes to the command behind a target
#   make test ARGS="-k metrics"
#   make test WORKERS=8           in 8 processes; in this one: WORKERS=0
#   make test PYTHON=python3.13   another interpreter (also: INKREAD_PYTHON in the environment)

PYTHON ?= $(or $(INKREAD_PYTHON),python3)
VENV := .venv
LOWEST := .venv-lowest
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAIN ?=
INSTALL = $(PIP) install $(CONSTRAIN)
CODE := $(wildcard src tests fuzz benchmarks deploy examples figures website notebooks/*.py)
TYPED := src fuzz $(sort $(patsubst %/,%,$(dir $(wildcard benchmarks/*.py deploy/serverless/*.py examples/*.py figures/*.py))))
EXAMPLES := $(sort $(wildcard examples/*.jpg examples/*.png))
QUIET_JUPYTER := --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate
UNPINNED := ^(torch|triton|nvidia-|cuda-)|[ ]@[ ]
NETWORK ?= cnn
WORKERS ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:  # two pips must not write into one environment at a time
.PHONY: help run draw examples test test-fast test-lowest lint format types check fuzz bench bench-accuracy docs figures train train-all notebook notebook-outputs \
  evaluate constraints licences sbom audit dist clean distclean

help:  ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/serve  ## start the web page and the API
	$(BIN)/inkread serve $(ARGS)

draw: $(VENV)/desktop  ## open a window to draw digits in
	$(BIN)/inkread draw $(ARGS)

examples: $(VENV)/core  ## read the example pictures and print the digits
	$(BIN)/inkread read $(EXAMPLES) $(ARGS)

test: $(VENV)/workbench $(VENV)/serve $(VENV)/test $(VENV)/docs  ## run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-fast: $(VENV)/workbench $(VENV)/serve $(VENV)/test  ## run the tests that are not slow: no training, browser, export or notebook
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -p no:schemathesis -m "not slow" $(ARGS)

test-lowest:  ## run the tests with the oldest versions that pyproject.toml allows
	$(MAKE) VENV=$(LOWEST) $(LOWEST)/constraints.txt
	$(MAKE) VENV=$(LOWEST) CONSTRAIN="--constraint $(LOWEST)/constraints.txt" \
	  test ARGS="-W default::DeprecationWarning $(ARGS)"

lint: $(VENV)/lint  ## check style, formatting, and the import layers
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports --no-cache

format: $(VENV)/lint  ## format the code, and fix what can be fixed automatically
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

types: $(VENV)/workbench $(VENV)/serve $(VENV)/test $(VENV)/lint  ## check the types
	$(BIN)/mypy $(TYPED)

check: lint types test  ## everything that must pass before a commit

fuzz: $(VENV)/workbench $(VENV)/serve $(VENV)/fuzz  ## fuzz every kind of input for a minute: make fuzz ARGS="--seconds 600 pictures"
	$(BIN)/python fuzz/fuzz_driver.py $(ARGS)

bench: $(VENV)/workbench  ## measure speed, size, and accuracy beside the peers, and write docs/benchmarks.md
	$(BIN)/python benchmarks/report.py --write docs/benchmarks.md $(ARGS)

bench-accuracy: $(VENV)/core  ## measure the collections in INKREAD_DATA, and write docs/accuracy.md's tables
	$(BIN)/python benchmarks/accuracy.py --write docs/accuracy.md $(ARGS)

docs: $(VENV)/docs  ## build the documentation into build/docs; fails on any warning
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

figures: $(VENV)/serve $(VENV)/desktop $(VENV)/test  ## take the screenshots and draw the figures of the documentation again
	@for each in figures/[a-z]*.py; do echo "== $$each"; $(BIN)/python "$$each" || exit 1; done

train: $(VENV)/train  ## train a network into runs/: make train NETWORK=mlp
	$(BIN)/inkread train --network $(NETWORK) --out runs/$(NETWORK) $(ARGS)

train-all: $(VENV)/train  ## train all bundled networks with their recipes into runs/: hours on two cores
	$(BIN)/inkread train --recipe default --out runs/default $(ARGS)
	$(BIN)/inkread export runs/default --to int8 --out runs/default
	$(BIN)/inkread train --recipe characters --out runs/characters $(ARGS)
	$(BIN)/inkread train --network detector --out runs/detector $(ARGS)
	$(BIN)/inkread train --network text --out runs/text $(ARGS)

notebook: $(VENV)/workbench  ## open the notebook of the whole workflow
	$(BIN)/jupyter notebook notebooks/handwriting_recognition.ipynb $(QUIET_JUPYTER) $(ARGS)

notebook-outputs: $(VENV)/workbench $(VENV)/test  ## run the notebook and store it with its outputs
	$(BIN)/python notebooks/store_outputs.py

evaluate: $(VENV)/core  ## score the bundled model on MNIST's test images
	$(BIN)/inkread evaluate $(ARGS)

constraints: $(VENV)/workbench $(VENV)/serve $(VENV)/test $(VENV)/docs $(VENV)/lint  ## write the versions in .venv to constraints-dev.txt
	{ echo "# With these versions, all tests pass: $$(uname -s), $$($(BIN)/python -V). Made by make constraints."; \
	  echo "# PyTorch and its CUDA libraries are left out: which build fits depends on the machine."; \
	  $(PIP) freeze --exclude-editable | grep -Ev '$(UNPINNED)'; } > constraints-dev.txt

licences: $(VENV)/workbench $(VENV)/serve $(VENV)/test  ## write the licenses of all dependencies to docs/licences.md
	$(BIN)/python deploy/licences.py --write docs/licences.md

# The tools get an environment of their own, so that they are not in the list.
build/audit/tools build/audit/product: pyproject.toml
	mkdir -p build/audit
	"$(PYTHON)" -m venv --clear $@
	$@/bin/python -m pip --disable-pip-version-check install --quiet $(if $(findstring tools,$@),cyclonedx-bom pip-audit,'.[serve]')

sbom: build/audit/tools build/audit/product  ## write build/sbom.json, a CycloneDX bill of materials of the core and the server
	build/audit/tools/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
	  --output-file build/sbom.json build/audit/product/bin/python

audit: build/audit/tools build/audit/product  ## look for known vulnerabilities of these packages; needs the network
	build/audit/product/bin/python -m pip freeze --exclude inkread | \
	  build/audit/tools/bin/pip-audit --no-deps --disable-pip -r /dev/stdin

dist: $(VENV)/pip  ## build the sdist and the wheel into dist/
	$(PIP) install --quiet build
	$(BIN)/python -m build $(ARGS)

clean:  ## remove the tools' leftover files
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## remove the environment too
	rm -rf $(VENV) $(LOWEST) $(PEERS)

# The environment, in layers: a file in .venv marks each that is installed. Dependency groups need pip 25.1.

$(VENV)/pip:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "error: $(PYTHON): is not installed; install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON): is $$("$(PYTHON)" --version 2>&1), and inkread needs 3.11 or later;" \
	    "name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV). For the page, the desktop, or the command, this takes about a minute, once."
	"$(PYTHON)" -m venv --clear $(VENV)
	$(PIP) install --quiet 'pip>=25.1'
	@touch $@

# pip shows what it downloads, and how far it is: who waits wants to see that something happens.
$(VENV)/core: $(VENV)/pip pyproject.toml
	$(INSTALL) --editable .
	@touch $@

# PyTorch stays at its newest: each older build would bring gigabytes of CUDA libraries.
$(VENV)/constraints.txt: $(VENV)/pip pyproject.toml
	$(PIP) install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --resolution lowest-direct --no-deps --all-extras --group test \
	  --no-emit-package torch --python $(BIN)/python --output-file $@ pyproject.toml

$(VENV)/train: $(VENV)/core
	$(INSTALL) --editable '.[train]'
	@touch $@

$(VENV)/workbench: $(VENV)/train
	$(INSTALL) --editable '.[plot,keras,litert,sweep,notebook,ray]'
	@touch $@

$(VENV)/serve: $(VENV)/pip pyproject.toml
	$(INSTALL) --editable '.[serve]'
	@touch $(VENV)/core $@

$(VENV)/desktop: $(VENV)/pip pyproject.toml
	$(INSTALL) --editable '.[desktop]'
	@touch $(VENV)/core $@

$(VENV)/test: $(VENV)/core
	$(INSTALL) --quiet --editable '.[client,desktop,postgres,excel]'
	$(INSTALL) --quiet --group test
	@touch $@

$(VENV)/docs: $(VENV)/pip pyproject.toml
	$(INSTALL) --quiet --group docs
	@touch $@

$(VENV)/fuzz: $(VENV)/core
	$(INSTALL) --quiet --group fuzz
	@touch $@

$(VENV)/lint: $(VENV)/core
	$(INSTALL) --quiet --group lint
	@touch $@
