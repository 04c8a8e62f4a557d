# Two commands do everything a newcomer needs: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
# Byte code is kept: without it every start would compile Great Expectations and Prefect anew, ten seconds each.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check faults hostile attack bench bench-publication bench-latency install clean

demo: install  ## run the whole job on the shipped synthetic extracts
	@$(BIN)/exchange demo

test: install  ## run every test
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

faults: install  ## 1,000 kills, every call failed, disks filled: many hours; COUNT=100 EVERY=20 for a short one
	@$(BIN)/python -m tests.faults.harness kills --count $(or $(COUNT),1000)
	@$(BIN)/python -m tests.faults.harness calls --every $(or $(EVERY),1)
	@$(BIN)/python -m tests.faults.harness statements --every $(or $(EVERY),1)
	@$(BIN)/python -m tests.faults.harness disk --count 20
	@EXCHANGE_TRIALS=5000 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_orders.py
	@EXCHANGE_TRIALS=500 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_arrivals.py
	@EXCHANGE_TRIALS=10000 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_mail.py
	@EXCHANGE_TRIALS=40 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_events.py
	@EXCHANGE_TRIALS=50 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_contenders.py -k contenders_one
	@EXCHANGE_TRIALS=12 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/faults/test_contenders.py -k held
	@$(BIN)/python -m tests.faults.soak --count $(or $(SOAK),10000)
	@$(BIN)/python -m pytest -n auto -m "long or not long" tests/faults

hostile: install  ## bombs of 300 MB, with what each costs; races, names, formulas; then every test of hostile input
	@EXCHANGE_BOMB_BYTES=300000000 $(BIN)/python -m tests.security.measure
	@EXCHANGE_TRIALS=2000 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/security/test_races.py
	@EXCHANGE_TRIALS=10000 $(BIN)/python -m pytest -n 0 -o timeout=0 tests/security/test_names.py tests/security/test_formulas.py
	@$(BIN)/python -m pytest -n auto tests/security tests/flows/test_hostile_inbox.py tests/warehouse/test_staging.py

.PHONY: fuzz mutation coverage audit
fuzz: install  ## 20,000 spoilt files and contracts
	@EXCHANGE_TRIALS=20000 $(BIN)/python -m pytest -n auto -o timeout=0 tests/security/test_fuzz.py

mutation: install  ## change the core one small thing at a time: do its tests notice?
	@$(BIN)/python -m tests.mutation

# A line or branch left out carries `pragma: no branch` and says why.
CORE := warehouse/ledger.py,warehouse/reader.py,warehouse/disclosure.py,flows/officers/decisions.py
coverage: install $(VENV)/coverage  ## every line and branch of the core, by its own tests
	@PYTHONPATH=$(VENV)/coverage $(BIN)/python -m coverage run --branch --include=$(CORE) --data-file=var/coverage \
	  -m pytest -n 0 tests/unit/test_disclosure_rules.py tests/flows/test_decisions.py \
	  tests/warehouse/test_ledger.py tests/warehouse/test_ledger_questions.py tests/warehouse/test_reader.py \
	  tests/warehouse/test_formats.py tests/warehouse/test_reader_answers.py
	@PYTHONPATH=$(VENV)/coverage $(BIN)/python -m coverage report -m --fail-under=100 --data-file=var/coverage

$(VENV)/coverage: $(VENV)/.installed
	@mkdir -p var
	@$(BIN)/python -m pip install --quiet --no-deps --target $@ coverage==7.17.4
	@touch $@

audit: $(VENV)/audit  ## the bill of materials (var/sbom.cdx.json), and what is known against what is locked
	@mkdir -p var
	@$(VENV)/audit/bin/cyclonedx-py requirements requirements.txt --output-reproducible --of JSON -o var/sbom.cdx.json 2>/dev/null
	@$(VENV)/audit/bin/python tests/security/audit.py requirements.txt

$(VENV)/audit: $(VENV)/.installed
	@$(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet pip-audit==2.9.0 cyclonedx-bom==7.5.0
	@touch $@

attack: install  ## 2,000 made-up places published four times each, attacked with a solver: about eight minutes
	@EXCHANGE_ATTACKED_PLACES=2000 $(BIN)/python -m pytest -n auto tests/property/test_disclosure_releases.py

check: install  ## formatter, linter, strict types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy schemas expectations warehouse reports flows tests benchmarks

install: $(VENV)/.installed

# A changed lock installs anew; an unchanged one costs nothing. The lock is whole, so pip resolves nothing (--no-deps):
# the pip of Python 3.11 does not see that sqlalchemy[asyncio] is the sqlalchemy that is locked. The checkout itself
# is put on the path, not built.
$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "Preparing the virtual environment (one to three minutes, once) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "partnership_exchange.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!%s\nfrom flows.cli import main\nif __name__ == "__main__":\n    raise SystemExit(main())\n' "$$PWD/$(BIN)/python" > $(BIN)/exchange
	@chmod +x $(BIN)/exchange
	@touch $@

bench: install $(VENV)/dbt  ## the whole job beside a script, pandas and dbt, at three sizes; rules, history, publication, replay
	@$(BIN)/python -m benchmarks --dbt $(VENV)/dbt/bin/python

# A peer with pins of its own, in an environment of its own.
$(VENV)/dbt: $(VENV)/.installed
	@$(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet dbt-core==1.11.16 dbt-duckdb==1.11.0 duckdb==1.5.5
	@touch $@

bench-publication: install  ## how long the publications of the demo take, part by part
	@$(BIN)/python -m benchmarks.publication

.PHONY: bench-history
bench-history: install  ## does a delivery cost more as the history grows? 24 months of 100,000 rows
	@$(BIN)/python -m benchmarks.history

bench-latency: install  ## seconds from a dropped file to its merge, warm worker and stock worker
	@$(BIN)/python -m benchmarks.latency

clean:  ## remove the virtual environment and the demo
	rm -rf $(VENV) var

.PHONY: bench-validation
bench-validation: install  ## ten million rows and twelve rules beside a hand-written scan; a million failing rows
	@$(BIN)/python -m benchmarks.validation
