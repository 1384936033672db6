#!/bin/sh
# Makes sure that a container engine answers: installs Docker where it is missing (Debian 12) and starts it where it does not run,
# both of which want root. The engine stays up when the script ends. Where one answers already, the script does nothing.
set -eu

wait_seconds=60
log=${TMPDIR:-/tmp}/issuerd-dockerd.log
pidfile=/var/run/docker.pid

answers() { docker version >/dev/null 2>&1; }

# starting tells whether the dockerd of this script, or one that something else started, is alive.
starting() { kill -0 "$own" 2>/dev/null || kill -0 "$(cat $pidfile 2>/dev/null || echo none)" 2>/dev/null; }

if answers; then
	exit 0
fi

if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
	echo "docker.sh: installing docker.io" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >&2
	apt-get install -y -qq --no-install-recommends docker.io >&2
fi

# A second dockerd ends by itself when it sees that another one runs, such as the one that systemd starts after an installation. In a
# session of its own, the engine outlives the caller's process group.
setsid dockerd >"$log" 2>&1 </dev/null &
own=$!

waited=0
until answers; do
	if [ "$waited" -ge "$wait_seconds" ] || ! starting; then
		echo "docker.sh: no engine answers after $waited s; the end of $log:" >&2
		tail -n 50 "$log" >&2
		exit 1
	fi
	sleep 1
	waited=$((waited + 1))
done
echo "docker.sh: engine $(docker version --format '{{.Server.Version}}') is up after $waited s" >&2
