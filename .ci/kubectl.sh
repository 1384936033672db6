#!/bin/sh
# Makes sure that the kubectl on PATH has create token, which is of 1.24. Debian 12's is 1.20, so where there is none or an older one, the
# script takes Debian 13's out of its package, which needs no newer libc than Debian 12 has, and puts it into PREFIX/bin, with PREFIX the
# argument or else /usr/local. The machine's own package lists, sources and packages stay as they are.
set -eu

prefix=${1:-/usr/local}
# Debian 13 is on the mirror that this machine has Debian 12 from.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Component: main' 2>/dev/null | grep -m 1 '/debian/*$') || {
	echo "kubectl.sh: the package sources of this machine name no mirror of Debian's" >&2
	exit 1
}
source="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main"

creates_tokens() { kubectl create token --help 2>/dev/null | grep -q -e --audience; }

if creates_tokens; then
	exit 0
fi

echo "kubectl.sh: fetching Debian 13's kubectl" >&2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
echo "$source" >"$scratch/sources.list"
cd "$scratch"
apt() {
	apt-get -qq -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$scratch/lists" \
		-o Dir::Cache="$scratch/cache" -o APT::Sandbox::User=root "$@" >&2
}
apt update
apt download kubectl/trixie # unlike install, it takes no part in what is installed
dpkg-deb -x kubectl_*.deb unpacked
install -D -m 0755 unpacked/usr/bin/kubectl "$prefix/bin/kubectl"
PATH="$prefix/bin:$PATH"
if ! creates_tokens; then
	echo "kubectl.sh: $prefix/bin/kubectl does not work: $(kubectl create token --help 2>&1 | head -n 1)" >&2
	exit 1
fi
echo "kubectl.sh: $prefix/bin/kubectl is $(kubectl version --client 2>/dev/null | head -n 1)" >&2
