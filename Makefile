# Two commands matter: `make run` and `make test`. Everything is installed into .venv, from hash-pinned locks.
PYTHON ?= $(shell for p in python3.14 python3.13 python3 python; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Folders of pages that are built with GraphiQL: one line for each page.
PAGES :=
PAGES += app/web/shop
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Some container images set it. Without bytecode each process compiles hundreds of modules, and tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test quick clients check samples bench soak fmt lock graphiql migrate schema clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/|/' | awk -F'|' '{printf "  make %-10s%s\n", $$1, $$2}'

.venv/.run: requirements.lock
	@test -n "$(PYTHON)" || { echo "error: Python 3.13 or newer is needed; name it with make PYTHON=/path/to/python" >&2; exit 2; }
	@echo "installing what the server needs"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	@echo "installing what the tests need"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

graphiql: .venv/.run ## Build GraphiQL and the pages in app/web (skipped when they are up to date)
	@$(BIN)/python app/engine/graphiql/build.py $(PAGES)

run: .venv/.run ## Serve the API and GraphiQL at http://localhost:8000/graphql (PORT=… or APP_PORT for another)
	@$(BIN)/python app/engine/graphiql/build.py $(PAGES) || echo "a page is left out; the API runs without it"
	@exec $(BIN)/python -m app serve --migrate $(if $(PORT),--port $(PORT))

migrate: .venv/.run ## Bring the database to the newest migration
	@$(BIN)/python -m app migrate

schema: .venv/.run ## Write schema.graphql
	@text=$$($(BIN)/python -m app schema) && printf '%s\n' "$$text" > schema.graphql

test: .venv/.dev ## Run all tests but those of make soak and make clients
	@$(BIN)/python app/engine/graphiql/build.py $(PAGES) || echo "a page is left out; its tests are skipped"
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal -m "not soak and not clients"

quick: .venv/.dev ## Run the tests that need no database, in less than a minute on two free cores
	@$(BIN)/python -m pytest -q -n 2 -m "not database and not long and not soak and not browser and not template and not clients" --ignore=tests/engine/cli --ignore=tests/shop/cli

clients: .venv/.dev ## Drive GraphQL clients of many makers against a server
	@$(BIN)/python -m pytest -q -m clients tests/clients

soak: .venv/.dev ## Run the tests that take minutes
	@$(BIN)/python app/engine/graphiql/build.py $(PAGES) || echo "a page is left out; its tests are skipped"
	@$(BIN)/python -m pytest -q -m soak

check: .venv/.dev ## Style, types, the direction of imports, the API, what was stored, versions of projections, known weaknesses
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/python -m tests.support.schema_file
	@$(BIN)/python -m tests.support.event_samples
	@$(BIN)/python -m tests.support.projection_fingerprints
	@$(BIN)/python -m tests.support.advisories

samples: .venv/.dev ## Write the samples of stored events and the fingerprints of projections that are missing
	@$(BIN)/python -m tests.support.event_samples --write
	@$(BIN)/python -m tests.support.projection_fingerprints --write

bench: .venv/.dev ## Measure, as ratios in one run
	@PYTHONPATH=. $(BIN)/python -m tests.bench

fmt: .venv/.dev ## Format the code and sort the imports
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: .venv/.dev ## Pin the newest versions that fit together
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean: ## Remove what was installed and built; the data in .data stays
	rm -rf .venv app/engine/graphiql/node_modules app/engine/graphiql/dist app/web/*/node_modules app/web/*/dist tests/clients/node_modules tests/clients/built tests/clients/.venv
