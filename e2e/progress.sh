#!/bin/sh
# Runs a command, and says on standard error every 20 seconds that it still runs: progress.sh NAME COMMAND... Its exit status is the command's.
name=$1
shift
(
	seconds=0
	while sleep 20 >/dev/null 2>&1 </dev/null; do
		seconds=$((seconds + 20))
		echo "$name: still running after $seconds s" >&2
	done
) &
beat=$!
"$@"
status=$?
kill "$beat"
exit "$status"
