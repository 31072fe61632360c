# Everything bootstraps .venv with uv; `make demo` and `make test` are all a new machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
HOUSE := .house/avaudit
ROOMS := detectors probes reports dashboard
# uv from PATH, else as a module of the interpreter (installed on first use)
UV = $(shell command -v uv || echo "$(PYTHON) -m uv")

.PHONY: demo test test-slow lint format typecheck browser bench lock clean

demo: $(STAMP)
	$(BIN)/avaudit demo

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadscope -m "not slow and not browser"

test-slow: $(STAMP)
	$(BIN)/pytest -m slow

browser: $(STAMP)
	$(BIN)/pytest -m browser

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# mypy does not follow the package-dir mapping: it is shown the installed shape as links
typecheck: $(STAMP)
	rm -rf .house && mkdir -p $(HOUSE)
	for entry in avaudit/*; do ln -s ../../$$entry $(HOUSE)/; done
	for room in $(ROOMS); do ln -s ../../$$room $(HOUSE)/$$room; done
	$(BIN)/mypy -p avaudit

bench: $(STAMP)
	$(BIN)/python -m avaudit.benchmarks

lock: $(STAMP)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --group dev pyproject.toml -o requirements.lock

$(STAMP): requirements.lock pyproject.toml setup.py
	@command -v uv >/dev/null || $(PYTHON) -m uv --version >/dev/null 2>&1 || \
		$(PYTHON) -m pip install --quiet uv || \
		{ echo "uv is missing and could not be installed: install it, then try again" >&2; exit 1; }
	test -x $(BIN)/python || $(UV) venv --quiet --python '>=3.11' $(VENV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

clean:
	rm -rf $(VENV) .house avaudit-demo bench-results build *.egg-info
