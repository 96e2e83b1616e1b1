# Every target sets up what it needs: `make run` or `make test` is all a fresh clone takes.
PYTHON ?= python3
PORT   ?= 8000
TARGET ?= engine
PARTS  ?=
ONLY   ?=
MINUTES ?= 10
KILLS  ?= 1000
HURTS  ?= 3000
SCHEDULES ?= 100000
CUTS ?= 10000

VENV := .venv
BIN  := $(VENV)/bin

# Tests start many processes of Python: without byte code each would compile Oort again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test newest alone check thorough fast bench soak crash fuzz contracts e2e templates golden mutations lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Two stamps: a changed lock makes a new environment, a changed pyproject.toml only installs Oort again.
$(VENV)/.locked: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null || echo "not there"); \
		echo "Oort needs Python 3.11 or newer, and $(PYTHON) is $$found: name another, as in 'make PYTHON=python3.12 $(or $(MAKECMDGOALS),setup)'." >&2; \
		exit 1; }
	@$(PYTHON) scripts/environments.py $(VENV) requirements-dev.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(PYTHON) scripts/environments.py $(VENV) --editable
	@touch $@

setup: $(VENV)/.installed ## Make .venv with Oort and the tools, from the lock

run: setup ## Start the reference platform in the foreground (PORT=8000)
	@exec $(BIN)/oort dev apps/cometbid --port $(PORT)

test: setup ## Run all tests
	@$(BIN)/python scripts/check.py tests --without-coverage

newest: ## Run the tests on the newest Python of this machine too, if it is another than PYTHON (ONLY="tests/unit/app")
	@newest=$$($(PYTHON) scripts/newest_python.py) && { [ -z "$$newest" ] || \
		$(MAKE) --no-print-directory VENV=.tools/newest PYTHON=$$newest alone; }

alone: setup
	@HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder $(ONLY)

check: setup ## Run every gate and print its time (PARTS="mypy tests" for some of them)
	@$(BIN)/python scripts/check.py $(PARTS)

thorough: setup ## All gates, with every repetition of the tests that repeat themselves
	@HYPOTHESIS_PROFILE=full $(BIN)/python scripts/check.py

fast: setup ## Lint, types, import contracts and the tests nearest to what changed, in under 30 s
	@HYPOTHESIS_PROFILE=quick $(BIN)/python scripts/check.py --fast

# The rivals have an environment of their own: Oort depends on none of them.
.tools/bench/.locked: benchmarks/requirements.lock
	@$(PYTHON) scripts/environments.py .tools/bench benchmarks/requirements.lock
	@touch $@

bench: setup .tools/bench/.locked .tools/emulators/.locked ## Compare with rivals; fails below benchmarks/floors.toml (QUICK=1; PARTS="import enqueue")
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(PARTS)

soak: setup ## Full mixed load for MINUTES=10; fails if memory, the log of writes or descriptors grow (0.4 for a short form)
	@$(BIN)/python -m benchmarks.soak $(MINUTES)

crash: setup ## The long form of the crash tests (KILLS=1000 HURTS=3000 SCHEDULES=100000 CUTS=10000)
	@OORT_CRASH_KILLS=$(KILLS) OORT_CRASH_HURTS=$(HURTS) OORT_CRASH_SCHEDULES=$(SCHEDULES) OORT_CRASH_CUTS=$(CUTS) OORT_CRASH_CLIENTS=1000 \
		$(BIN)/python -m pytest -m crash -s -n0

fuzz: setup ## The long form of the API tests: many requests drawn from the API document
	@OORT_FUZZ_EXAMPLES=300 OORT_FUZZ_SEED=$${OORT_FUZZ_SEED:-$$(date +%s)} $(BIN)/python -m pytest tests/scenarios/test_the_api_document_is_true.py -n 2 --timeout 1800

# The emulators have an environment of their own: they pin versions of botocore, and bring more than Oort does.
.tools/emulators/.locked: tests/emulators/requirements.lock
	@$(PYTHON) scripts/environments.py .tools/emulators tests/emulators/requirements.lock
	@touch $@

contracts: setup $(if $(filter-out engine,$(TARGET)),.tools/emulators/.locked) ## Run the contract suites against TARGET=engine, moto or ministack
	@$(BIN)/python -m pytest tests/contracts --target $(TARGET) -n 2 --session-timeout 600

e2e: setup .tools/emulators/.locked ## Deploy cometbid and bazaar to an emulator of AWS, and use them through their APIs
	@$(BIN)/python -m pytest tests/e2e --e2e --timeout 300

# cfn-lint has an environment of its own: it reads what Oort writes, and Oort does not depend on it.
.tools/cfn-lint/.locked: tests/templates/requirements.lock
	@$(PYTHON) scripts/environments.py .tools/cfn-lint tests/templates/requirements.lock
	@touch $@

templates: setup .tools/cfn-lint/.locked ## Have cfn-lint read the templates of cometbid, bazaar and a wide platform
	@rm -rf .cache/templates
	@$(BIN)/oort synth -C apps/cometbid --out .cache/templates/cometbid
	@$(BIN)/oort synth -C tests/platforms/bazaar --out .cache/templates/bazaar
	@$(BIN)/python -m tests.templates.wide .cache/templates/wide
	@.tools/cfn-lint/bin/cfn-lint --non-zero-exit-code warning -- .cache/templates/*/*.json
	@echo "cfn-lint finds nothing"

golden: setup ## Write the golden templates of cometbid and bazaar anew; read the difference before you commit it
	@$(BIN)/python -m tests.golden.golden_templates

mutations: setup ## Make known faults in a copy of src; the test beside each must fail
	@$(BIN)/python scripts/mutations.py

lock: ## Write all requirements locks anew (UPGRADE=1 takes newer versions)
	@$(PYTHON) scripts/lock.py $(if $(UPGRADE),--upgrade)

clean: ## Remove environments, caches and builds; local platform state in .oort stays
	@rm -rf $(VENV) .tools .cache .import_linter_cache .hypothesis build dist
	@find src apps tests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
