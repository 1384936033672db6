#!/bin/sh
# Builds the image: build.sh [IMAGE]. It wants Go and an engine that answers, and no network: the binary is made on this machine, for the
# platform of the engine, and the image is that binary alone.
set -eu

image=${1:-issuerd:dev}
cd "$(dirname "$0")/.."

arch=$(docker version --format '{{.Server.Arch}}')
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

CGO_ENABLED=0 GOOS=linux GOARCH="$arch" go build -trimpath -ldflags='-s -w' -o "$context/issuerd" ./cmd/issuerd
docker build --quiet --tag "$image" --file docker/Dockerfile "$context"
