# Every target works in a fresh clone: it makes .venv itself, and does not redo what is done.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PYTHONPATH := functions

.PHONY: help demo demo-http dev test test-long coverage lint lock words clean package sbom licences audit cli bench chaos faults mutations mutants
.PHONY: browser browser-ready terraform terraform-mistakes checkov own-root deploy destroy
.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gallery-sync needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what requirements-dev.txt pins into $(VENV) ..."
	@# The pip of Python 3.11 (before 23.3) overlooks the pin of "coverage" where something asks for "coverage[toml]".
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=23.3'
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@

demo: $(READY)  ## pictures travel from bucket to gallery; DROP=folder takes your own (CODES=file: the shop's codes), FROM=package runs the archive
	@$(BIN)/python -m infra.local.demo $(if $(DROP),--drop "$(DROP)") $(if $(FROM),--from "$(FROM)") \
	  $(if $(FUNCTIONS_PYTHON),--python "$(FUNCTIONS_PYTHON)") $(if $(CODES),--codes "$(CODES)")

demo-http: $(READY)  ## other systems work on galleries over HTTP, in the local cloud
	@$(BIN)/python -m infra.local.demo_http

dev: $(READY)  ## the local cloud, kept running until Ctrl-C
	@$(BIN)/python -m infra.local.dev

# Half of the tests wait for a process most of their time, so four workers keep two cores busy.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal --durations=20

test: $(READY)  ## all tests but the long ones
	@$(PYTEST) -m "not long"

test-long: $(READY)  ## the tests that take long by their nature
	@$(PYTEST) -m long

# Tracing doubles what a test costs, so it is a run of its own, over what runs in this process.
TRACED := tests/unit tests/integration tests/faults/test_moved_codes.py tests/faults/test_brake.py \
  tests/faults/table/test_variants.py tests/faults/table/test_restore.py \
  "tests/faults/test_simulation.py::test_after_quiet_every_gallery_is_as_its_bucket"

coverage: $(READY)  ## how much of the package the tests reach: 95 % of its branches at least
	@$(PYTEST) --cov --cov-report=term -m "not long" $(TRACED)

lint: $(READY)  ## formatting, rules, types, which module may import which
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

faults: $(READY)  ## the simulation for a night: SEEDS=100000, and EXAMPLES=20000 of Hypothesis' choosing
	@$(BIN)/python -m tests.faults.replay --seeds $(or $(SEEDS),100000) --first 1000000 --jobs 2
	@MACHINE_EXAMPLES=$(or $(EXAMPLES),20000) $(BIN)/python -m pytest -q --timeout 7200 tests/faults/test_machine.py

mutations: $(READY)  ## promises of the code broken one by one: which does the simulation see? within SEEDS=3000
	@$(BIN)/python -m tests.faults.mutations $(if $(SEEDS),--seeds $(SEEDS))

bench: $(READY)  ## what sweeping 1,000, 10,000 and 100,000 galleries costs, over a simulated state bucket (minutes)
	@$(BIN)/python -m tests.bench.sweep_costs
	@$(BIN)/python -m tests.bench.placing_costs
	@$(BIN)/python -m tests.bench.page_costs

chaos: $(READY)  ## functions are killed at random while pictures travel, 20 rounds of half a minute (ROUNDS=n SEED=n)
	@$(BIN)/python -m infra.local.chaos $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

build/cosmic-ray/.ready: $(READY)
	@$(BIN)/python -m pip install --quiet --target build/cosmic-ray cosmic-ray==8.7.0 && touch $@

mutants: $(READY) build/cosmic-ray/.ready  ## core is changed in one sign at a time, do its unit tests notice? 20 minutes (SAMPLE=n SEED=n)
	@$(BIN)/python -m tests.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

lock: $(READY)  ## pin and hash every dependency anew (functions/requirements.txt, requirements-dev.txt)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --output-file functions/requirements.txt pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --constraint functions/requirements.txt --extra dev --output-file requirements-dev.txt pyproject.toml

words: $(READY)  ## collect and compile what the page says in other languages
	@$(BIN)/python -m infra.words

package: $(READY)  ## build/gallery-sync.zip, what is deployed: same tree, same bytes
	@$(BIN)/python -m infra.package

sbom: $(READY)  ## the archive, and beside it what it is made of (CycloneDX)
	@$(BIN)/python -m infra.package.sbom

licences: $(READY)  ## THIRD_PARTY.md, the licences of what is deployed
	@$(BIN)/python -m infra.package.licences

audit: $(READY)  ## known weaknesses of what is deployed; needs a source of advisories (OSV=url names one)
	@$(BIN)/python -m infra.package.audit $(if $(OSV),--osv-url "$(OSV)")

cli: $(READY)  ## make bin/gallery-sync ready to run
	@bin/gallery-sync --help

# Where the provider cannot be downloaded, a stand-in beside the checkout has its schema.
TERRAFORM_INIT := $(wildcard ../shared/terraform/init)
ROOT ?= terraform/examples/two-shops

terraform: $(READY)  ## the deployment, checked without a cloud (needs terraform 1.7 or newer)
	@terraform fmt -check -recursive terraform
	@for folder in project shop examples/two-shops; do \
	  $(if $(TERRAFORM_INIT),$(TERRAFORM_INIT) terraform/$$folder $(BIN)/python,terraform -chdir=terraform/$$folder init -input=false -backend=false) >/dev/null && \
	  terraform -chdir=terraform/$$folder validate && terraform -chdir=terraform/$$folder test || exit 1; done
	@TERRAFORM_CHECKS=1 $(BIN)/python -m pytest -q tests/terraform

terraform-mistakes: terraform  ## planted mistakes turn the checks red (minutes)
	@TERRAFORM_MISTAKES=1 $(BIN)/python -m pytest -q tests/terraform/test_mistakes.py

# The browser is Debian's; what drives it is 50 MB that only this needs.
build/browser/.ready: $(READY)
	@command -v chromium >/dev/null || apt-get install --yes --no-install-recommends chromium >/dev/null || \
	  (apt-get update >/dev/null && apt-get install --yes --no-install-recommends chromium >/dev/null)
	@$(BIN)/python -m pip install --quiet --target build/browser playwright==1.65.2 axe-playwright-python==0.1.8 && touch $@

browser-ready: build/browser/.ready

browser: build/browser/.ready  ## the page in a real Chromium, for everybody to use (installs Debian's); build/screenshots/
	@BROWSER=1 PYTHONPATH=functions:build/browser $(BIN)/python -m pytest -q tests/browser

build/checkov/.ready:
	@$(PYTHON) -m venv build/checkov && build/checkov/bin/pip install --quiet checkov==3.3.30 && touch $@

checkov: build/checkov/.ready  ## known weaknesses of the deployment, offline
	@build/checkov/bin/checkov --directory terraform --framework terraform --compact --quiet --skip-download

# The example is to be copied: a state beside it would be lost with the next checkout.
own-root:
	@$(if $(filter file undefined default,$(origin ROOT)),echo "set ROOT to your own copy of terraform/examples/two-shops (docs: terraform/README.md)" >&2; exit 2,true)

deploy: own-root package  ## ROOT=your copy of the example; FIRST=1 for the apply before the secrets have values
	@terraform -chdir=$(ROOT) init -input=false
	@terraform -chdir=$(ROOT) apply $(if $(FIRST),-var functions_deployed=false)
	@terraform -chdir=$(ROOT) output -json next

destroy: own-root  ## remove a deployment: ROOT=your copy of the example
	@terraform -chdir=$(ROOT) destroy

clean:  ## remove what the other targets made
	@rm -rf $(VENV) build sample .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
