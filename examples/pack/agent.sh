#!/bin/sh
# A stand-in for a coding agent: says which image it found itself in.
set -eu

. /etc/os-release
printf 'I run as %s in %s.\n' "$(id -un)" "$PRETTY_NAME" | tee "$BOTTLE_RESULT_FILE"
