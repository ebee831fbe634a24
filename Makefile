PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
JOBS ?= 2

.PHONY: run test search lint types rooms check bench bench-peers pictures clean

run: $(VENV)/.run
	@$(BIN)/ftos-tui

test: lint types rooms
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term:skip-covered

search: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) -m hypothesis --hypothesis-profile=search

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

rooms: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types rooms

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-peers: $(VENV)/.dev
	$(BIN)/python -m benchmarks --peers

pictures: $(VENV)/.dev
	$(BIN)/python -m docs.reference
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m docs.incident
	$(BIN)/python -m docs.team
	$(BIN)/python -m docs.delivery_story

# The console itself needs no test tools; both stamps share one environment.
$(VENV)/.run: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e '.[dev]'
	touch $(VENV)/.run $@

clean:
	rm -rf $(VENV) .venv-peers build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
