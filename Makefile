# What is built or fetched goes to the user's cache; in the clone only node_modules folders and web/dist appear.
#   make run      builds everything and serves it (ARGS="--port 8000" is passed on)
#   make test     everything that must hold; what continuous integration runs
#   make sim      the simulation with more seeds than the tests run (REENACT_SIM_SEEDS=2000); says how many crashes it made
#   make bench    the benchmarks
#   make shots    screenshots of the page, into shots/
#   make schemas  writes schemas/ and the page's types anew
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/reenact
TOOLS := $(CACHE)/tools
LOGS  := $(CACHE)/test-logs

export CARGO_TARGET_DIR ?= $(CACHE)/target
export npm_config_cache ?= $(CACHE)/npm
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false
export PATH := $(TOOLS)/bin:$(PATH)
# What the browser journeys start.
export REENACT_BIN ?= $(CARGO_TARGET_DIR)/debug/reenact

.DEFAULT_GOAL := run
.PHONY: run test sim bench shots schemas page check fmt clippy deny schemas-check page-check units journeys summary \
        need-cargo need-clang need-node need-chromium
.NOTPARALLEL:

run: page need-clang
	@cargo build --release --locked
	@exec "$$CARGO_TARGET_DIR/release/reenact" serve $(ARGS)

test: check page-check page units journeys summary

# More seeds of the simulation than `test` runs; REENACT_SIM_SEEDS and REENACT_SIM_FROM say which.
sim: need-cargo need-clang
	@REENACT_SIM_SEEDS="$${REENACT_SIM_SEEDS:-2000}" \
	  cargo test --quiet --locked --test it -- simulation --nocapture

# One after the other, so that neither disturbs what the other measures. The tests are no benchmarks: they are not built.
bench: need-cargo need-clang
	@cargo bench --quiet --locked --workspace --bench log --bench engine --bench server --no-run
	@cargo bench --quiet --locked --workspace --bench log
	@cargo bench --quiet --locked --workspace --bench engine
	@cargo bench --quiet --locked --workspace --bench server

shots: page need-clang need-chromium
	@cargo build --locked
	@cd web && CHROMIUM="$$(command -v chromium)" npm run --silent shots

schemas: need-cargo need-clang web/node_modules/.package-lock.json
	@cargo run --quiet --locked -- schemas
	@cd web && npm run --silent types

# ---- what `test` is made of ----------------------------------------------------------------------------------------

check: need-cargo need-clang fmt clippy deny schemas-check

fmt:
	@cargo fmt --all --check

clippy:
	@cargo clippy --quiet --locked --workspace --all-targets -- -D warnings

deny: $(TOOLS)/bin/cargo-deny
	@cargo deny --locked --log-level error check licenses bans

schemas-check:
	@cargo run --quiet --locked -- schemas --check

page-check: web/node_modules/.package-lock.json | $(LOGS)
	@cd web && npm run --silent lint && npm run --silent typecheck
	@cd web && npm run --silent types -- --check
	@cd web && npm run --silent test 2>&1 | tee "$(LOGS)/page.log"

units: need-cargo need-clang tests/aimock/node_modules/.package-lock.json | $(LOGS)
	@if cargo nextest --version >/dev/null 2>&1; then \
	  cargo nextest run --locked --workspace 2>&1 | tee "$(LOGS)/rust.log"; \
	else \
	  echo 'cargo-nextest is not there, so `cargo test` runs instead; it comes with: cargo install --locked cargo-nextest'; \
	  cargo test --locked --workspace --lib --bins --tests 2>&1 | tee "$(LOGS)/rust.log"; \
	fi
	@cargo test --quiet --locked --workspace --doc

journeys: page need-clang need-chromium | $(LOGS)
	@cargo build --quiet --locked
	@cd web && CHROMIUM="$$(command -v chromium)" npm run --silent e2e 2>&1 | tee "$(LOGS)/journeys.log"

summary:
	@echo; echo '---- the runners said ----'
	@echo 'rust:';     grep -E 'Summary \[|^test result:' "$(LOGS)/rust.log"
	@echo 'page:';     grep -E '(Test Files|Tests) ' "$(LOGS)/page.log"
	@echo 'journeys:'; grep -E '^(#|ℹ) (tests|pass|fail|skipped) ' "$(LOGS)/journeys.log"

# ---- the page ------------------------------------------------------------------------------------------------------

page: need-cargo web/dist/index.html

web/dist/index.html: web/node_modules/.package-lock.json web/index.html web/vite.config.ts \
                     $(shell find web/src web/public -type f 2>/dev/null)
	@# A binary that was built before there was a page does not know that there is one now.
	@[ -e $@ ] || touch src/api/page.rs
	@cd web && npm run --silent build

# The packages of the page, and the mock server that the tests of the models ask.
%/node_modules/.package-lock.json: %/package-lock.json | need-node
	@cd $* && npm ci --no-progress
	@touch $@

# ---- what must be there --------------------------------------------------------------------------------------------

need-cargo:
	@command -v cargo >/dev/null || { \
	  echo 'Rust is missing. Install it with rustup (see https://rustup.rs), then: rustup toolchain install stable' >&2; exit 1; }

need-node:
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null || { \
	  echo 'Node.js 20.19 or newer is missing. On Debian 13 or Ubuntu 25.10: sudo apt-get install -y nodejs npm; else see https://nodejs.org/en/download' >&2; exit 1; }

# It compiles the engine of workflows to WebAssembly.
need-clang:
	@command -v "$${REENACT_CLANG:-clang}" >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clang >/dev/null; \
	  else \
	    echo 'clang is missing, which builds the engine of workflows. Install it with: sudo apt-get install -y clang' >&2; exit 1; \
	  fi; }

need-chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else \
	    echo 'Chromium is missing, which the browser journeys need. Install it with: sudo apt-get install -y chromium' >&2; exit 1; \
	  fi; }

$(TOOLS)/bin/cargo-deny: | need-cargo
	@echo 'building cargo-deny once, outside the clone (about three minutes)'
	@CARGO_TARGET_DIR="$(TOOLS)/target" cargo install --quiet --locked --root "$(TOOLS)" cargo-deny
	@rm -rf "$(TOOLS)/target"

$(LOGS):
	@mkdir -p $@
