/** Runs every benchmark and prints one table: our figure, its reference beside it, the ratio. */
import { benchAgent } from './agent.ts';
import { benchGateway } from './gateway.ts';
import { benchGitCheck } from './git-check.ts';
import { benchGitGate } from './git-gate.ts';
import { benchImage } from './image.ts';
import { benchManifest } from './manifest.ts';
import { benchOutputs } from './outputs.ts';
import { benchOverhead } from './overhead.ts';
import { benchProvision } from './provision.ts';
import { benchRedact } from './redact.ts';
import { benchWorkspace } from './workspace.ts';

const ROUNDS = {
  overhead: benchOverhead,
  agent: benchAgent,
  provision: benchProvision,
  workspace: benchWorkspace,
  manifest: benchManifest,
  image: benchImage,
  gateway: benchGateway,
  'git-gate': benchGitGate,
  'git-check': benchGitCheck,
  redact: benchRedact,
  outputs: benchOutputs,
};
const chosen = process.argv.slice(2);

for (const [name, bench] of Object.entries(ROUNDS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n${name}`);
  console.table(await bench());
}
