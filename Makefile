# The few things to do with this project; each sets up what it needs first. `make help` explains them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run train test lint evaluate review bench texts audit lock

ASSISTANT := .venv/assistant/bin/python
DESK := .venv/desk/bin/python
export RASA_TELEMETRY_ENABLED := false
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TF_CPP_MIN_LOG_LEVEL := 3

help:  ## Explain the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

run:  ## Set up, train if needed, and start the whole product; Ctrl-C stops it
	@python3 tools/environments.py
	@python3 bot/widget/build.py
	@exec $(DESK) -m tools.run

train:  ## Train a model if there is none for the present data
	@python3 tools/environments.py
	@$(DESK) -m tools.training

test:  ## Run every test (needs Chromium, PostgreSQL, Redis and nginx; .ci/run installs them)
	@python3 tools/environments.py --checks
	@python3 bot/widget/build.py
	@tools/test.sh

lint:  ## Check style, types, dialogue data, texts and the borders between the parts
	@python3 tools/environments.py --checks
	@tools/lint.sh

evaluate:  ## Measure how well people are understood, as a page and as figures
	@python3 tools/environments.py --checks
	@$(ASSISTANT) -m benchmarks.evaluate

review:  ## Turn the questions that the team placed in the desk into training phrases
	@python3 tools/environments.py
	@set -o pipefail; $(DESK) -m desk.cli review export | $(DESK) -m tools.review | $(DESK) -m desk.cli review done
	@$(DESK) -m bot.nlu.check_data

bench:  ## Measure speed and memory beside stock Rasa; BENCH=--quick for a little of each in minutes
	@python3 tools/environments.py
	@python3 bot/widget/build.py
	@$(DESK) -m benchmarks.performance $(BENCH)

texts:  ## Print everything the assistant says, both languages side by side
	@python3 tools/environments.py
	@$(DESK) -m tools.texts

audit:  ## Prove that no entry of the tickets' history was changed
	@python3 tools/environments.py desk
	@$(DESK) -m desk.cli audit verify

lock:  ## Write the lock files anew from pyproject.toml
	@python3 -c "import sys; sys.path.insert(0, '.'); from tools.environments import install_uv; install_uv()"
	@tools/lock.sh
