# `make run` on a bare machine with python3 and make is all it takes; `make help` lists the rest.
# ARGS reaches the program or pytest: make run ARGS="train --preset vae-digits", make test ARGS="-k spec -x"
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test slow lint gallery bench package clean

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
STAMP := .venv/.complete
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

# The stamp holds the folder it was made in: a copied or moved environment points into the old folder, and one whose
# Python has gone is of no use.
ifneq ($(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

setup: $(STAMP) ## the virtual environment, and Qt's system libraries where they are missing

$(STAMP): pyproject.toml constraints.txt .ci/system-libraries .ci/virtual-environment
	@rm -f $@
	@sh .ci/virtual-environment '$(PYTHON)'
	@sh .ci/system-libraries
	@printf '%s' '$(CURDIR)' > $@

run: $(STAMP) ## the window
	@$(BIN)/python -m guiapp $(ARGS)

test: $(STAMP) ## the tests of every day (without those marked slow)
	$(PYTEST) $(ARGS)

slow: $(STAMP) ## the tests marked slow; none found counts as a failure
	$(PYTEST) -m slow $(ARGS)

lint: $(STAMP) ## ruff, mypy and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

gallery: $(STAMP) ## every view, lab and panel as pictures in build/gallery
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/gallery.py --out build/gallery $(ARGS)

bench: $(STAMP) ## the measurements behind the promises of the README
	$(BIN)/python -m guiapp bench $(ARGS)

package: $(STAMP) ## a program that needs no Python, in dist/elboscope, and its own smoke test
	$(BIN)/pyinstaller --noconfirm --log-level WARN --workpath build/pyinstaller --distpath dist build.spec
	@du -sh dist/elboscope
	env -i dist/elboscope/elboscope smoke --json

clean: ## everything made here but the virtual environment
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find guiapp tests -type d -name __pycache__ -exec rm -rf {} +
