# The two commands a newcomer needs are `make run` and `make test`; both need Go alone and set up the rest themselves.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt generate bench image serve

IMAGE ?= issuerd:dev

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## play every scenario in process
	go run ./cmd/issuerd run

test: ## run every test, with the race detector where there is a C compiler
	@race=; if command -v "$$(go env CC)" >/dev/null && [ "$$(go env CGO_ENABLED)" = 1 ]; then race=-race; \
	else echo "make test: LEFT OUT: the race detector, because there is no C compiler"; fi; \
	set -x; go test $$race ./... && cd e2e/clients && go test $$race ./...
	@docker version >/dev/null 2>&1 || echo "make test: LEFT OUT: the container target, because no Docker engine answers"

lint: ## formatting, vet, staticcheck, and the scenarios' own lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run make fmt"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	cd e2e/clients && go vet ./... && go tool -modfile=../../go.mod staticcheck ./...
	go run ./cmd/issuerd lint

fmt: ## format the code
	gofmt -w .

generate: ## refresh the generated files
	go generate ./...

bench: ## print the measured figures beside their limits
	go run ./e2e/bench

image: ## build the container image, without network
	docker/build.sh $(IMAGE)

serve: ## serve the farm on loopback
	go run ./cmd/issuerd serve
