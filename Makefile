# Two commands do everything a newcomer needs: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
# Byte code is kept: without it every start would compile Great Expectations and Prefect anew, ten seconds each.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test attack check install clean

demo: install  ## run the whole job on the shipped synthetic extracts
	@$(BIN)/exchange demo

test: install  ## run every test
	@$(BIN)/python -m pytest -n auto --dist loadfile

attack: install  ## 2,000 made-up places published four times each, attacked with a solver: about half an hour
	@EXCHANGE_ATTACKED_PLACES=2000 $(BIN)/python -m pytest -n auto tests/property/test_disclosure_releases.py

check: install  ## formatter, linter, strict types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy schemas expectations warehouse reports flows tests benchmarks

install: $(VENV)/.installed

# A changed lock installs anew; an unchanged one costs nothing. The lock is whole, so pip resolves nothing (--no-deps):
# the pip of Python 3.11 does not see that sqlalchemy[asyncio] is the sqlalchemy that is locked. The checkout itself is put on the path, not built.
$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "Preparing the virtual environment (one to three minutes, once) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "partnership_exchange.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!%s\nfrom flows.cli import main\nraise SystemExit(main())\n' "$$PWD/$(BIN)/python" > $(BIN)/exchange
	@chmod +x $(BIN)/exchange
	@touch $@

.PHONY: bench-publication
bench-publication: install  ## how long the publications of the demo take, part by part
	@$(BIN)/python -m benchmarks.publication

clean:  ## remove the virtual environment and the demo
	rm -rf $(VENV) var
