# make serve, make test: the two commands. Both make .venv and install what the requirements pin.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' pyproject.toml --group build

.PHONY: serve test fuzz bench bench-quick bench-stored soak messages screenshots check wheel-check lock clean

serve: .venv/serve
	$(BIN)/calendula serve

test: .venv/test
	$(BIN)/pytest --numprocesses=auto --ignore=tests/races --ignore=tests/faults
	$(BIN)/pytest tests/races tests/faults  # which need the machine for themselves

fuzz: .venv/test
	$(BIN)/pytest tests/life --hypothesis-profile=fuzz --numprocesses=2
	$(BIN)/pytest tests/fuzz --hypothesis-profile=hard --numprocesses=2

bench: .venv/bench  ## a quarter of an hour; bench-stored fills a clinic of millions before it begins
	$(BIN)/python benchmarks/bench.py

bench-quick: .venv/bench
	$(BIN)/python benchmarks/bench.py --quick

bench-stored: .venv/bench
	$(BIN)/python benchmarks/bench.py --stored

soak: .venv/bench  ## MINUTES=2 for another length; SOAK_FLAGS=--report writes docs/ anew
	$(BIN)/python benchmarks/soak.py --minutes $(or $(MINUTES),10) $(SOAK_FLAGS)

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo 2>&1
	$(BIN)/pytest --quiet tests/test_drift.py

wheel-check: .venv/test
	$(BIN)/python tests/wheel_check.py

screenshots: .venv/test
	$(BIN)/python tests/screenshots.py

lock: .venv/bin/python  ## LOCK_FLAGS=--upgrade for the newest of everything
	$(PIP) install uv
	$(LOCK) $(LOCK_FLAGS) --extra redis --output-file requirements/serve.txt
	$(LOCK) $(LOCK_FLAGS) --extra otel --extra redis --group test --constraint requirements/serve.txt \
		--output-file requirements/test.txt
	$(LOCK) $(LOCK_FLAGS) --extra otel --extra redis --group bench --constraint requirements/test.txt \
		--output-file requirements/bench.txt

clean:
	rm -rf .venv build dist

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Calendula needs Python 3.11 or newer." >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/serve .venv/test .venv/bench: .venv/%: requirements/%.txt pyproject.toml .venv/bin/python
	$(PIP) install --require-hashes --requirement $<
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

messages: .venv/test  ## after a text of the pages has changed: lets the translators' files have it
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping babel.toml --no-location --sort-output \
		--output build/messages.pot src/calendula
	$(BIN)/pybabel --quiet update --input-file build/messages.pot --domain calendula \
		--output-dir src/calendula/pages/locale --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date
	sed -i '/EMAIL@ADDRESS\|YEAR-MO-DA\|LL@li.org\|^"POT-Creation-Date\|^"Generated-By/d' \
		src/calendula/pages/locale/*/LC_MESSAGES/calendula.po
