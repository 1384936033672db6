# The two commands a newcomer needs are `make run` and `make test`; both need Go alone and set up the rest themselves.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt generate bench mutate kill image serve

IMAGE ?= issuerd:dev

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## play every scenario in process
	e2e/progress.sh "make run" go run ./cmd/issuerd run

test: ## run every test, with the race detector where there is a C compiler
	@if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then \
	echo "make test: LEFT OUT: the clients for Node.js, because there is no npm with Node.js 20 or newer"; \
	else cd e2e/clients/node && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --ignore-scripts || \
	echo "make test: LEFT OUT: the clients for Node.js, because npm ci failed"; fi
	@for python in python3 /usr/bin/python3; do "$$python" -c 'import boto3, google.auth, msal, requests' 2>/dev/null && exit; done; \
	echo "make test: LEFT OUT: the clients for Python, because no python3 has Debian's python3-boto3, python3-google-auth and python3-msal"
	@kubectl create token --help 2>/dev/null | grep -q -e --audience || echo "make test: LEFT OUT: kubectl, because there is none that has create token, which is of 1.24"
	@command -v xmllint >/dev/null || echo "make test: LEFT OUT: the schemas of JUnit's XML, because there is no xmllint (Debian's libxml2-utils)"
	@command -v az >/dev/null || echo "make test: LEFT OUT: the Azure CLI, because there is no az (Debian's azure-cli)"
	@docker version >/dev/null 2>&1 || echo "make test: LEFT OUT: the container target, because no Docker engine answers"
	@race=; if command -v "$$(go env CC)" >/dev/null && [ "$$(go env CGO_ENABLED)" = 1 ]; then race=-race; \
	else echo "make test: LEFT OUT: the race detector, because there is no C compiler"; fi; \
	failed=; for module in . e2e/clients; do \
	(set -x; cd $$module && "$(CURDIR)/e2e/progress.sh" "make test" go test -timeout 60m $$race ./...) || failed="$$failed $$module"; done; \
	test -z "$$failed" || { echo "make test: FAILED in:$$failed"; exit 1; }

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

mutate: ## change the checks in every place, and list the changes that no test notices (half an hour)
	go run ./e2e/mutation

kill: ## kill a farm that keeps its state a hundred times, and see whether it has everything it answered (two minutes)
	go test ./cmd/issuerd -run TestKilled -count 1 -v -kills 100 -timeout 20m

image: ## build the container image, without network
	docker/build.sh $(IMAGE)

serve: ## serve the farm on loopback
	go run ./cmd/issuerd serve
