#!/bin/sh
# What an agent would do, for trying it out without a model: one commit, which the second job checks and writes back.
set -eu
task=$(cat)
printf -- '- %s\n' "$task" >>todo.md
git add todo.md
git commit -q -m "Note what is to be done: $task"
printf 'Noted: %s.\n' "$task" >"$BOTTLE_RESULT_FILE"
