#!/bin/sh
# What an agent would do, for trying it out without a model.
set -eu
node --test slug.test.js >before.log && exit 1
rm before.log
sed -i "s/replace(' ', '-')/replaceAll(' ', '-')/" slug.js
node --test slug.test.js
echo 'Only the first space of a title became a dash.' >"$BOTTLE_OUTPUT_DIR/report.md"
git commit -q -a -m 'Make a dash of every space in a title'
