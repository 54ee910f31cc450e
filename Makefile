# Two doors: `make chat` to meet the bot, `make test` before a commit. Both set everything up by themselves.
.PHONY: chat test ordeal format dialogues clean
.DEFAULT_GOAL := chat

VENV := .venv
# What the bot needs, which is all that a city's machine has to have, and what its developers need beside it.
READY := $(VENV)/.ready
CHECKS := $(VENV)/.checks
# The first Python that is new enough, or the one named: make PYTHON=/path/to/python3.12 test
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

install = if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(VENV)/bin/python -e '$(1)'; \
	else \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '$(1)'; \
	fi

chat: $(READY)
	@$(VENV)/bin/mitreden chat --now 2025-11-10T10:00:00+01:00

test: $(CHECKS)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest

# The promises under fire, in full (more than two hours): a line with figures for each.
ordeal: $(CHECKS)
	MITREDEN_ORDEAL=full $(VENV)/bin/pytest -n 1 tests/ordeal

format: $(CHECKS)
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

# Writes what the bot now says into tests/dialogues: read the difference before you commit it.
dialogues: $(CHECKS)
	MITREDEN_RECORD=1 $(VENV)/bin/pytest tests/test_dialogues.py

clean:
	rm -rf $(VENV) .synapse .matrix-js .axe dist build

# Brought up to date when the dependencies change. The stamp goes first and comes last, so that an environment that was
# interrupted half-way is thrown away instead of trusted.
$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Mitreden needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3 chat" >&2; exit 1; }
	@if [ -f $(READY) ]; then rm -f $(READY) $(CHECKS); else rm -rf $(VENV); fi
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV); \
	else \
		"$(PYTHON)" -m venv $(VENV); \
	fi
	@$(call install,.)
	@touch $(READY)

$(CHECKS): $(READY)
	@echo "Adding what checks it to $(VENV) (once) ..."
	@$(call install,.[dev])
	@touch $(CHECKS)
