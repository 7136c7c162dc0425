# Every target does its own set-up; `make help` explains them.
SHELL := /bin/bash
GO ?= go
BIN := bin/runner
# What longer targets take; .ci/run asks for short forms.
FUZZTIME ?= 30s
BENCHTIME ?= 10x
RUN ?=
# What outages are drawn from, and how long chaos goes on.
SEED ?= 1
DURATION ?= 5m
# The revision goes into the binary where git can tell it.
VCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)

.PHONY: help
help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## compile the runner into bin/
	@$(GO) build -buildvcs=$(VCS) -o $(BIN) ./cmd/runner

.PHONY: run
run: build ## the whole tree on the embedded sandbox exchange; RUN="--rate 10000" adds flags
	@./$(BIN) run --sandbox $(RUN)

.PHONY: test
test: ## the tests, within three minutes: all but those of process, alerts and mosquitto, the examples' module included
	$(GO) test -short -shuffle=on ./...
	cd examples && $(GO) test -short -shuffle=on ./...

# A bubble's timers have one context of the race detector, which two processors may use at a
# time (runtime/time.go, maybeRunChan, Go 1.26): over days of virtual time that crashes it.
.PHONY: race
race: ## all tests under the race detector, those of process, alerts and mosquitto too
	$(GO) test -race -shuffle=on $$($(GO) list ./... | grep -v '/test/virtual$$')
	$(GO) test -race -shuffle=on -cpu 1 ./test/virtual
	cd examples && $(GO) test -race -shuffle=on ./...

.PHONY: fuzz
fuzz: ## every fuzzer, FUZZTIME each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
	  done; done

.PHONY: bench
bench: ## every benchmark; the ratios are paired within one run
	$(GO) test -run '^$$' -bench . -benchmem ./internal/... ./messages/... ./test/sandbox/...
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) ./test/bench

.PHONY: balance
balance: build ## a minute at 10,000 messages a second: the ledgers and the latency
	./$(BIN) run --sandbox --rate 10000 --duration 60s --summary json --addr 127.0.0.1:0

.PHONY: chaos
chaos: build ## break the tree at random and hold it to its promises; SEED=7 DURATION=5m
	./$(BIN) chaos --seed $(SEED) --duration $(DURATION)

.PHONY: sdk
sdk: ## the official Python SDK against the sandbox (wants port 443)
	./test/sdk/run

.PHONY: mosquitto
mosquitto: ## the tree against a real Mosquitto (skipped with a word where there is none)
	$(GO) test -race -count=1 -v ./test/mosquitto

.PHONY: long
long: ## what is short elsewhere: ten roll-overs with tokens of 20 s, a Mosquitto that stands still for a minute
	FEEDTREE_LONG=1 $(GO) test -count=1 -v -timeout 30m -run 'RollOversUnderLoad|FallsSilent' ./test/integration ./test/mosquitto

.PHONY: virtual
virtual: ## 24 virtual hours with 200 outages, in a bubble; SEED=0 draws another day
	$(GO) test -count=1 -v ./test/virtual -virtual.full -virtual.seed=$(SEED)

.PHONY: alerts
alerts: ## the alert rules by promtool, and in a real Prometheus that watches faults (skipped with a word where there is none)
	$(GO) test -count=1 -v ./test/prometheus

.PHONY: process
process: ## the real binary: signals, kills, full disks, and no secret through any fault
	$(GO) test -count=1 -v ./test/process

.PHONY: vuln
vuln: ## known vulnerabilities (says so where their database cannot be read; VULN_REQUIRED=1 then fails)
	@GO=$(GO) ./test/vuln/run

.PHONY: soak
soak: DURATION = 1h
soak: ## an hour in real time: load, outages, misbehaving strategies, then ledgers and L6; DURATION=2m
	$(GO) test -count=1 -v -timeout 24h ./test/soak -soak.for=$(DURATION) -soak.seed=$(SEED)

# Two and a half minutes of compilation, once for each version of it.
bin/jaeger: test/jaeger/go.mod test/jaeger/go.sum
	cd test/jaeger && $(GO) build -o ../../$@ github.com/jaegertracing/jaeger/cmd/all-in-one

.PHONY: jaeger
jaeger: build bin/jaeger ## a real Jaeger must show the slow event and the failed one
	cd test/jaeger && JAEGER=$(CURDIR)/bin/jaeger RUNNER=$(CURDIR)/$(BIN) $(GO) test -count=1 -v ./...

.PHONY: lint
lint: ## gofmt, vet, staticcheck, a tidy module
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	cd examples && $(GO) vet ./... && $(GO) mod tidy -diff
