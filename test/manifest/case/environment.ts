/** `env`: literals, variables of the step, and what is refused. */
import { badBottle, goodBottle } from './case.ts';

const RUNNERS_OWN =
  'names a variable of the runner itself (ACTIONS_…, GITHUB_…, RUNNER_…), which no bottle gets. Of these only GITHUB_TOKEN is accepted';

export const environmentCases = [
  goodBottle('a literal', 'env: {A: text}'),
  goodBottle('an empty literal', 'env: {A: ""}'),
  goodBottle('a quoted number', 'env: {A: "1"}'),
  goodBottle('a variable of the step', `env:\n  A: \${HOST_A}`),
  goodBottle('the job token', `env:\n  GH_TOKEN: \${GITHUB_TOKEN}`),
  goodBottle('a name that only resembles the runner’s', `env:\n  A: \${MY_GITHUB_SHA}`),
  goodBottle('braces inside a longer text', `env:\n  A: http://\${HOST}/`),
  goodBottle('a text of several lines', 'env:\n  A: |\n    one\n    two'),
  goodBottle('no variables', 'env: {}'),
  badBottle('a prompt without a question', 'env:\n  KEY: "?"', [
    `3:8 env.KEY: asks a person for a value (\`?\`), and nobody answers in CI. Write "\${KEY}" and set KEY in the step’s \`env\``,
  ]),
  badBottle('a prompt with a question', 'env:\n  A: x\n  KEY: ?the key', [
    `4:8 env.KEY: asks a person for a value (\`?\`), and nobody answers in CI. Write "\${KEY}" and set KEY in the step’s \`env\``,
  ]),
  badBottle('a number', 'env:\n  DEBUG: 1', [
    '3:10 env.DEBUG: must be text, but is a number (quotes make it text)',
  ]),
  badBottle('a truth value', 'env:\n  DEBUG: true', [
    '3:10 env.DEBUG: must be text, but is true or false (quotes make it text)',
  ]),
  badBottle('nothing', 'env:\n  DEBUG:', [
    '3:9 env.DEBUG: must be text, but is nothing; give a value ({} for an empty map) or remove the key',
  ]),
  badBottle('a list of variables', 'env:\n  - A=1', ['3:3 env: must be a map, but is a list']),
  badBottle('a name with a hyphen', 'env:\n  MY-NAME: x', [
    '3:3 env.MY-NAME: the name must be letters, digits and underscores, not beginning with a digit',
  ]),
  badBottle('a name with a digit first', 'env:\n  1A: x', [
    '3:3 env.1A: the name must be letters, digits and underscores, not beginning with a digit',
  ]),
  badBottle('a variable of the actions service', `env:\n  A: \${ACTIONS_RUNTIME_TOKEN}`, [
    `3:6 env.A: ${RUNNERS_OWN}`,
  ]),
  badBottle('a variable of the workflow', `env:\n  A: \${GITHUB_SHA}`, [
    `3:6 env.A: ${RUNNERS_OWN}`,
  ]),
  badBottle('a variable that begins like the job token', `env:\n  A: \${GITHUB_TOKEN_2}`, [
    `3:6 env.A: ${RUNNERS_OWN}`,
  ]),
  badBottle('a variable of the runner', `env:\n  A: \${RUNNER_TEMP}`, [
    `3:6 env.A: ${RUNNERS_OWN}`,
  ]),
  badBottle('a default value', `env:\n  A: \${HOST_A:-x}`, [
    `3:6 env.A: must be \`\${NAME}\` with nothing else inside the braces, or a text without them`,
  ]),
  badBottle('empty braces', `env:\n  A: \${}`, [
    `3:6 env.A: must be \`\${NAME}\` with nothing else inside the braces, or a text without them`,
  ]),
  badBottle('three at once', 'env:\n  A: 1\n  B: "?"\n  C-D: x', [
    '3:6 env.A: must be text',
    '4:6 env.B: asks a person',
    '5:3 env.C-D: the name must be',
  ]),
];
