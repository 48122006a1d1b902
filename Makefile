# boothd's front door. Every target installs what it needs and can be run again.

GO       ?= go
FUZZTIME ?= 60s
TOOLS    := $(CURDIR)/.tools
VERSION   = $(shell packaging/version)
BUILD     = $(GO) build -trimpath -buildvcs=false -buildmode=pie -ldflags '-s -w -X main.version=$(VERSION)'

STATICCHECK := $(TOOLS)/staticcheck-v0.8.2
NFPM        := $(TOOLS)/nfpm-v2.45.0

export BOOTHD_REQUIRE_TOOLS ?= 1
export PATH := $(PATH):/usr/local/go/bin

# What is checked and tested is built as the packages are, so that the compiler's cache,
# SQLite and all, serves both; the race detector alone needs another build.
deb lint test vmtest: export GOFLAGS := $(GOFLAGS) -buildvcs=false -trimpath -buildmode=pie

# What only calculates, and the command line, have nothing that the race detector could watch
# which is not watched in other packages; of those some tests calculate so much that they are left
# out there and run once more.
UNWATCHED   := $(addprefix capture/,jp2 quality slap synthetic wsq chip/pki/signature mrz/ocr mrz/ocr/drawn mrz/ocr/glyph mrz/ocr/trial) \
	cmd/boothctl cmd/boothctl/discreet cmd/boothctl/discreet/twosample
TWICE       := capture capture/chip capture/chip/chipemu localmatch/finger cmd/centrald/seed

.DEFAULT_GOAL := help
.PHONY: help run test vmtest bench lint fuzz build udev deb deb-check clean deps
.NOTPARALLEL:

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: build ## start a booth with emulated devices, a broker and a portal
	@packaging/demo

test: lint ## run all tests, with what they start installed first
	@packaging/deps test
	@echo 'test: running the tests under the race detector (some minutes)'
	$(GO) test -race -vet=off -trimpath=false -buildmode=default -p 4 -timeout 12m $$($(GO) list ./... | grep -vxF $(UNWATCHED:%=-e boothd/%)) # many wait for disks, browsers and boots, not for a processor
	@echo 'test: what it is not needed for, and what calculates too much for it'
	$(GO) test -vet=off $(UNWATCHED:%=./%) $(TWICE:%=./%)
	$(GO) test -vet=off -run '^TestAFlippedBitIsNoticed$$' ./sync/watchlist

vmtest: ## run the drivers on Debian's kernel in a virtual machine (part of test)
	@packaging/deps test
	$(GO) test -count=1 -v -run '^TestDevicesOnARealKernel$$' ./devices/kerneltest

bench: deps ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint: deps $(STATICCHECK) ## check format, vet and staticcheck
	@echo 'lint: gofmt'
	@unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { echo "lint: run gofmt -w on: $$unformatted"; exit 1; }
	@echo 'lint: go vet'
	@$(GO) vet ./...
	@echo 'lint: staticcheck'
	@$(STATICCHECK) ./...

fuzz: deps ## run each fuzz target for FUZZTIME (60s)
	@packaging/fuzz $(FUZZTIME)

build: deps ## build the programs into .build/
	@echo 'build: $(VERSION) (the first time takes a minute or two)'
	@mkdir -p .build
	@$(BUILD) -o .build/ ./cmd/...

udev: deps ## write the udev rules from the drivers' tables
	@mkdir -p .build
	@$(GO) run ./packaging/udevrules > .build/rules && mv .build/rules packaging/60-boothd.rules

deb: build $(NFPM) ## build the Debian packages into .build/
	@NFPM=$(NFPM) VERSION=$(VERSION) packaging/deb

deb-check: ## build the Debian packages twice, compare them, run lintian
	@packaging/deps package
	@packaging/deb-check

deps: # what building needs
	@packaging/deps run

clean: ## remove what was built, and the demo's state
	rm -rf .build .run .tools

$(STATICCHECK):
	@echo 'lint: building staticcheck'
	@GOBIN=$(TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	@mv $(TOOLS)/staticcheck $@

$(NFPM):
	@echo 'deb: building nfpm'
	@GOBIN=$(TOOLS) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
	@mv $(TOOLS)/nfpm $@
