# make demo    installs what is missing, builds, trains a model on tinyshakespeare, shows it
# make test    installs what is missing, runs every test
# make test-kills   kills agent and workers at random KILLS times (500) while drops arrive, and looks whether anything was lost
# make test-parquet PYTHON=…   Parquet and Arrow through that Python's pyarrow, compared with its `datasets`
# make test-hub PYTHON=…       tries that Python's huggingface_hub against the mock of the Hub that the tests use
# make bench-train PYTHON=…    training beside that Python's PyTorch; bench-generate and bench-tokenize likewise; without PYTHON ours alone
# make bench-methods           trains with every method on made data, and says what held-out rows say before and after
# Everything is built once, in one configuration: release, with what tests need to see of the modules (-enable-testing).
# It builds as fast as debug on two cores, and an optimised agent answers a drop in 4 ms instead of 80.
# `make install` builds once more, with Swift's libraries inside: the machine it goes to needs no Swift.

SWIFT     ?= swift
FLAGS     := -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
BIN        = $$($(SWIFT) build $(FLAGS) --show-bin-path)
STATIC    := -c release --static-swift-stdlib --scratch-path .build-install --explicit-target-dependency-import-check error
PREFIX    ?= /usr/local
DEMO_ROOT ?= demo-root
KILLS     ?= 500

.PHONY: all setup build demo test test-kills test-parquet test-hub bench-ingest bench-train bench-growth bench-generate bench-tokenize bench-methods lint format install uninstall clean

all: build

setup:
	@scripts/setup

build: setup
	@$(SWIFT) build $(FLAGS)

demo: build
	@scripts/demo "$(BIN)" "$(DEMO_ROOT)"

test: setup
	@$(SWIFT) build $(FLAGS) --build-tests
	@scripts/test $(SWIFT) test $(FLAGS) --skip-build

test-kills: setup
	@$(SWIFT) build $(FLAGS) --build-tests
	@rm -f .build/kills.txt
	@DROPFORGE_KILLS=$(KILLS) DROPFORGE_KILLS_REPORT=$(CURDIR)/.build/kills.txt $(SWIFT) test $(FLAGS) --skip-build --filter RandomKillTests
	@cat .build/kills.txt

test-parquet: build
	@$(PYTHON) scripts/test_parquet.py "$(BIN)"

# So that the mock is known to be faithful: it is no part of `make test`, which needs no Python.
test-hub: setup
	@$(SWIFT) build $(FLAGS) --product hub-mock
	@"$(PYTHON)" scripts/test-hub.py "$(BIN)/hub-mock"

bench-ingest: setup
	@$(SWIFT) build $(FLAGS) --product dropforge
	@$(SWIFT) build $(FLAGS) --product dropforge-worker
	@$(SWIFT) build $(FLAGS) --product bench-ingest
	@"$(BIN)/bench-ingest" $(ARGS)

# Results of the day stand in Benchmarks/RESULTS.md. BENCH takes more options: make bench-train BENCH="--cases=qwen3-25m --rounds=3"
bench-train bench-growth bench-generate bench-tokenize: setup
	@$(SWIFT) build $(FLAGS) --product dropforge-bench
	@OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=1000 "$(BIN)/dropforge-bench" $(@:bench-%=%) --python="$(PYTHON)" $(BENCH)

# Whether each method learns: a JSON line a method with a measure on held-out rows before and after; curves, a file a method of JSON lines
# with step, loss and reward, in .build/method-curves/.
bench-methods: setup
	@$(SWIFT) build $(FLAGS) --product dropforge-bench
	@OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=1000 "$(BIN)/dropforge-bench" methods --curves="$(CURDIR)/.build/method-curves" $(BENCH)

lint:
	@$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

format:
	@$(SWIFT) format format --in-place --recursive Package.swift Sources Tests Benchmarks

install: setup
	$(SWIFT) build $(STATIC) --product dropforge
	$(SWIFT) build $(STATIC) --product dropforge-worker
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/dropforge/templates/models $(DESTDIR)$(PREFIX)/share/dropforge/templates/data
	install -d $(DESTDIR)/etc/systemd/system
	install -s .build-install/release/dropforge .build-install/release/dropforge-worker $(DESTDIR)$(PREFIX)/bin
	install -m 644 templates/*.json $(DESTDIR)$(PREFIX)/share/dropforge/templates
	install -m 644 templates/models/* $(DESTDIR)$(PREFIX)/share/dropforge/templates/models
	install -m 644 templates/data/* $(DESTDIR)$(PREFIX)/share/dropforge/templates/data
	install -m 644 systemd/dropforge.service $(DESTDIR)/etc/systemd/system

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/dropforge $(DESTDIR)$(PREFIX)/bin/dropforge-worker $(DESTDIR)/etc/systemd/system/dropforge.service
	rm -rf $(DESTDIR)$(PREFIX)/share/dropforge

clean:
	rm -rf .build .build-install $(DEMO_ROOT)
