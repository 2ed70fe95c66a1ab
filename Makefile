# make demo    installs what is missing, builds, trains a model on tinyshakespeare, shows it
# make test    installs what is missing, runs every test
# Everything is built once, in one configuration: debug, in which the numeric targets are optimised all the same
# (Package.swift). `make install` builds for release.

SWIFT     ?= swift
CONFIG    ?= debug
BUILD     := $(SWIFT) build -c $(CONFIG) --explicit-target-dependency-import-check error
PREFIX    ?= /usr/local
DEMO_ROOT ?= demo-root

.PHONY: all setup build demo test lint format install uninstall clean

all: build

setup:
	@scripts/setup

build: setup
	@$(BUILD)

demo: build
	@scripts/demo "$$($(SWIFT) build -c $(CONFIG) --show-bin-path)" "$(DEMO_ROOT)"

# The tests are built with the same flags as the programs: what `make demo` has built is used again.
test: setup
	@$(BUILD) --build-tests
	@$(SWIFT) test -c $(CONFIG) --explicit-target-dependency-import-check error --skip-build

lint:
	@$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

format:
	@$(SWIFT) format format --in-place --recursive Package.swift Sources Tests

install: setup
	$(SWIFT) build -c release --explicit-target-dependency-import-check error --product dropforge
	$(SWIFT) build -c release --explicit-target-dependency-import-check error --product dropforge-worker
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/dropforge/templates $(DESTDIR)/etc/systemd/system
	install "$$($(SWIFT) build -c release --show-bin-path)/dropforge" "$$($(SWIFT) build -c release --show-bin-path)/dropforge-worker" $(DESTDIR)$(PREFIX)/bin
	install -m 644 templates/*.json $(DESTDIR)$(PREFIX)/share/dropforge/templates
	install -m 644 systemd/dropforge.service $(DESTDIR)/etc/systemd/system

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/dropforge $(DESTDIR)$(PREFIX)/bin/dropforge-worker $(DESTDIR)/etc/systemd/system/dropforge.service
	rm -rf $(DESTDIR)$(PREFIX)/share/dropforge

clean:
	rm -rf .build $(DEMO_ROOT)
