#!/bin/sh
# A stand-in for a coding agent: reads its task, follows its skill, edits a file, writes an output.
set -eu

name=$(sed -n 's/^Greet //p')
skill="$HOME/.claude/skills/greet/SKILL.md"

echo "task file:  $BOTTLE_TASK_FILE"
echo "prompt:     $(cat "$BOTTLE_PROMPT_FILE")"
echo "skill:      $(sed -n 's/^description: //p' "$skill")"
echo "user:       $(id -un) ($(id -u))"

printf '%s, %s!\n' "$GREETING" "$name" >>greetings.txt
printf '# Report\n\nGreeted %s. There are %s greetings now.\n' "$name" "$(grep -c '' greetings.txt)" \
  >"$BOTTLE_OUTPUT_DIR/report.md"
printf 'Greeted %s.\n' "$name" >"$BOTTLE_RESULT_FILE"
echo "done"
