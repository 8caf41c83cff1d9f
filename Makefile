# 衡源 Hengyuan: `make help` lists what there is to make.
# A fresh Debian 12 with Python 3.11, git and make needs nothing else.

PYTHON ?= python3
TOOLS  := .tools
UV     := $(TOOLS)/bin/uv
RUN    := $(UV) run --frozen
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help install build system demo test test-others test-platform test-pages test-browser test-slow check bench screenshots messages lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(TOOLS) >/dev/null || { rm -rf $(TOOLS); \
	  [ "$$(id -u)" = 0 ] || { echo "python3-venv is missing: sudo apt-get install python3-venv"; exit 1; }; \
	  apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(TOOLS); }
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv

.venv/.installed: $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

install: .venv/.installed ## the project and its tools into .venv

build: install ## message catalogues and front-end assets (static/vendor)
	@$(RUN) python -m scripts.build

system: install ## browser, fonts and the tests' servers, by apt where they are missing
	@$(RUN) python -m scripts.system_packages

demo: build ## a city at work: platform, gates, trucks; Ctrl-C stops it
	-@$(RUN) python -m scripts.system_packages fonts-noto-cjk
	$(RUN) hengyuan demo

test: build system ## the test suite, three parts of it side by side
	@$(MAKE) --no-print-directory -j3 --output-sync=target test-others test-platform test-pages test-browser

test-others:
	$(RUN) pytest --ignore tests/platform --ignore tests/browser

# the platform's tests in two parts of about the same length
PAGES := $(wildcard tests/platform/test_*.py) \
  $(addprefix tests/platform/,history operations outgrowing weighing)

test-platform:
	$(RUN) pytest tests/platform $(addprefix --ignore ,$(PAGES))

test-pages:
	$(RUN) pytest $(PAGES)

# in a process of their own: the browser's loop runs until the end of it
test-browser:
	$(RUN) pytest tests/browser

test-slow: build system ## the long runs
	@$(UV) sync --frozen --quiet --group cluster
	@$(RUN) python -m scripts.system_packages openjdk-17-jre-headless
	$(RUN) pytest -m slow --timeout 3600

check: build ## ruff, types, import rules, dependencies
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) deptry .

bench: build system ## the figures, each with what it is compared to
	$(RUN) python -m bench

screenshots: build system ## every page as a picture, in screenshots/
	$(RUN) python -m scripts.screenshots

messages: install ## collect translatable strings into the .po files
	$(RUN) python -m scripts.messages

lock: $(UV) ## resolve the dependencies anew
	$(UV) lock

clean: ## what was built
	rm -rf .venv $(TOOLS) node_modules .demo dist
	rm -rf src/hengyuan/platform/static/vendor src/hengyuan/terminal/screen/static/vendor
	find src -name '*.mo' -delete
