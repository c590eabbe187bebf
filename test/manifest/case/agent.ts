/** Agents: skills, user, outputs, schema, and the fields of Claude Code. */
import { badAgent, goodAgent } from './case.ts';

export const agentCases = [
  goodAgent('nothing', '{}'),
  goodAgent('a bottle', 'bottle: dev'),
  goodAgent('skills', 'skills: [init-prd, verify]'),
  goodAgent('no skills', 'skills: []'),
  goodAgent('a user', 'git-gate: {user: {name: A Bot}}'),
  goodAgent('outputs', 'outputs: [report.md]'),
  goodAgent(
    'a schema of its result',
    'output_schema:\n  type: object\n  properties: {verdict: {enum: [yes, no]}}\n  required: [verdict]',
  ),
  goodAgent(
    'fields of Claude Code',
    'name: reviewer\ndescription: Reviews changes\nmodel: opus\ncolor: purple\nmemory: project',
  ),
  badAgent('an unknown key', 'skill: [a]', ['2:1 skill: unknown key. Did you mean "skills"?']),
  badAgent('a skill with a path', 'skills: [../../etc]', [
    '2:10 skills[0]: must be letters, digits, `.`, `_` and `-`, beginning with a letter or digit',
  ]),
  badAgent('a skill twice', 'skills:\n  - a\n  - a', [
    '4:5 skills[1]: is there twice; keep one (the first is on line 3)',
  ]),
  badAgent('skills as text', 'skills: a, b', ['2:9 skills: must be a list, but is text']),
  badAgent('a list of bottles', 'bottle: [a, b]', ['2:9 bottle: must be text, but is a list']),
  badAgent('a schema that is text', 'output_schema: schema.json', [
    '2:16 output_schema: must be a map, but is text',
  ]),
  badAgent('an output above', 'outputs: [../x]', [
    '2:11 outputs[0]: must be a glob relative to the workspace',
  ]),
  badAgent('no user', 'git-gate:\n  user:', ['3:8 git-gate.user: must be a map, but is nothing']),
  badAgent(
    'a bottle that is not there',
    'bottle: dve',
    ['2:9 bottle: there is no bottle "dve". Did you mean "dev"? Bottles: dev.'],
    { beyondSchema: true },
  ),
];
