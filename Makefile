# Two commands are enough on a fresh machine: make demo, make test.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo app test test-all check bench train viewer environment peers clean

PYTHON := .venv/bin/python
TWINSIGHT := .venv/bin/twinsight
PYTEST := bash tooling/run_tests.sh

help: ## Show this list
	@echo "TwinSight: make demo and make test need nothing installed beforehand but Python 3.11."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

environment:
	@bash tooling/system_libraries.sh
	@bash tooling/python_environment.sh

viewer: environment ## Build the offline 3D viewer that exported pages carry
	@bash tooling/viewer_bundle.sh

demo: viewer ## Run the whole chain on a made-up patient and print what it made
	@$(TWINSIGHT) demo

app: viewer ## Open the workstation
	@$(TWINSIGHT) gui

test: viewer ## Run the fast tests (at most 12 minutes on 2 cores)
	@$(PYTEST) -q -m "not slow and not peer"

peers: environment
	@bash tooling/system_libraries.sh chromium poppler-utils ffmpeg # a real browser, readers of PDF and film

test-all: viewer peers ## Run every test, then those of the kernels without compilation (at most 45 minutes)
	@$(PYTEST) -q
	@NUMBA_DISABLE_JIT=1 $(PYTEST) -q -m "kernel and not slow"

check: environment ## Run the linters, type checks, import contracts and catalogues
	@bash tooling/check.sh

bench: viewer ## Measure, beside peers where there are any; writes build/benchmarks.json
	@$(PYTHON) -m tests.benchmarks

DATA ?= ../shared/data
train: environment ## Train the networks from the scans in DATA; the same command goes on where it was stopped
	@$(PYTHON) -c "import torch, onnx, lightgbm" 2>/dev/null || $(PYTHON) -m pip install --quiet -c constraints.txt -e ".[train,training]"
	@$(PYTHON) -m segmentation.training.networks.train $(DATA)
	@$(PYTHON) -m segmentation.training.borders $(DATA)/btcv

clean: ## Remove what was built and the caches of the tools; keeps .venv
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@rm -rf node_modules resources/viewer
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

