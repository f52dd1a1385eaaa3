# `make` alone lists what there is. Everything runs in .venv, which is made when it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SAMPLE := .sample

BASE   := baseline
MODELS ?= extractive local

.PHONY: help try test fast eval baseline bench quality lint format clean
help: ## what the targets do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing (about 3 GB to download, some minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable ".[all,dev]"
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # 30,000 files, by all cores; pip would take one
	@touch $@

try: $(READY) ## set up, take in the sample corpus, and ask a first question
	@$(BIN)/onrecord ingest --sample --archive $(SAMPLE)
	@echo
	@echo '$$ onrecord ask "what did Qin Gang say about relations?"'
	@$(BIN)/onrecord ask "what did Qin Gang say about relations?" --archive $(SAMPLE)
	@echo
	@echo 'Next:'
	@echo '  . $(BIN)/activate; export ONRECORD_ARCHIVE=$(SAMPLE)'
	@echo '  onrecord ask "how much will the Kellmouth tram cost?"'
	@echo '  onrecord ask "who won the 2022 World Cup?"          # not in the archive: refused'
	@echo '  onrecord ingest PATH                                 # your own articles'

# Bytecode is written even where the environment forbids it: pytest would rewrite the assertions of 500 modules anew each time.
test fast: export PYTHONDONTWRITEBYTECODE =

test: $(READY) ## all tests, with the real models; an unexpected skip fails
	@$(BIN)/python -m pytest --all -m "not models" --durations=10 -n auto --dist worksteal \
	  || { echo "== what failed, once more and alone: on a busy machine a browser or a process may be late"; \
	       $(BIN)/python -m pytest --all -m "not models" --last-failed --last-failed-no-failures none; }
	@$(BIN)/python -m pytest --all -m models --durations=10  # one at a time: a model takes all cores

fast: $(READY) ## the tests without models and network, for the inner loop
	@$(BIN)/python -m pytest -n auto --dist worksteal

# Answers may not be worse than the baseline. They are the same on one processor; 8-bit products differ a little on others.
COMPARE := --no-worse-than

eval: $(READY) ## ask the sample corpus's questions, and compare with the baseline (MODELS=extractive: seconds)
	@$(BIN)/onrecord ingest --sample --archive $(SAMPLE)
	@$(foreach model,$(MODELS),$(BIN)/onrecord eval corpus/questions.jsonl --archive $(SAMPLE) --model $(model) \
	  --out .eval/$(model)-{run} $(COMPARE) $(BASE)/$(model).jsonl &&) true

baseline: $(READY) ## make today's answers to the sample corpus's questions the baseline
	@$(BIN)/onrecord ingest --sample --archive $(SAMPLE)
	@$(foreach model,$(MODELS),$(BIN)/onrecord eval corpus/questions.jsonl --archive $(SAMPLE) --model $(model) \
	  --out .eval/$(model)-{run} --write-baseline $(BASE)/$(model).jsonl &&) true
	@$(BIN)/python -m benchmarks.golden .eval/golden --only sample-readings starters
	@cp .eval/golden/sample-readings.jsonl $(BASE)/readings.jsonl && cp .eval/golden/starters.jsonl $(BASE)/starters.jsonl

bench: $(READY) ## measure speed and memory beside a plain LangChain pipeline
	@$(BIN)/python -m benchmarks

quality: $(READY) ## measure answers, retrieval and the check on open data (about two hours; goes on where it was stopped)
	@$(BIN)/python -m benchmarks.quality

lint: $(READY) ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases ui/*.py ui/tabs/*.py  # what rag has was checked just now, and is kept

format: $(READY) ## let ruff put the code in shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## remove what the targets made, the environment too
	rm -rf $(VENV) $(SAMPLE) .bench .eval build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
