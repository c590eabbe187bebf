/** What each phase says in the log when it is done. */
import type { InstalledProgram } from './agent/install.ts';
import type { AgentRun } from './agent/run.ts';
import type { Gateway } from './gateway/start.ts';
import type { EnsuredImage } from './image/request.ts';
import type { Machine } from './machine/machine.ts';
import type { Collected } from './outputs/outputs.ts';
import type { Proposal } from './proposal/proposal.ts';
import type { Provisioned } from './provision/provisioned.ts';
import type { KeptSession } from './session/session.ts';
import type { Walls } from './walls/prove.ts';
import type { WriteBack } from './write-back/written.ts';

/** The phases of a run in their order, and what each one makes. */
export type PhaseResults = {
  image: EnsuredImage;
  program: InstalledProgram;
  gateway: Gateway;
  boot: Machine;
  walls: Walls;
  provision: Provisioned;
  agent: AgentRun;
  collect: Collected;
  proposal: Proposal;
  session: KeptSession;
  'clean up': undefined;
  'write back': WriteBack;
};

export type PhaseName = keyof PhaseResults;

export const PHASE_TITLES: Readonly<Record<PhaseName, string>> = {
  image: 'Fetch the image',
  program: "Install the agent's program",
  gateway: 'Open the gateway',
  boot: 'Start the machine',
  walls: 'Prove the walls',
  provision: 'Provision',
  agent: 'Run the agent',
  collect: 'Collect what it made',
  proposal: 'Check its work',
  session: 'Keep its session',
  'clean up': 'Clean up',
  'write back': 'Write its work back',
};

const SENTENCES: { readonly [K in PhaseName]: (result: PhaseResults[K]) => string } = {
  image: ({ facts }) =>
    facts.hit === 'host'
      ? "The image is the runner's own /usr, read-only."
      : `The image sha256:${facts.sha256} came from the ${facts.hit}: ${facts.bytes} bytes in ${facts.milliseconds} ms.`,
  program: ({ packages: [own], origin }) =>
    `${own?.name} ${own?.version} came from ${origin === 'npm' ? 'npm' : 'the tool cache'}: ${own?.integrity}.`,
  gateway: ({ routes, certificate }) =>
    `The gateway is up: ${routes} routes${certificate === '' ? '' : ', some of which it reads'}; all else is denied.`,
  boot: ({ name, engine, engineVersion, isolation }) =>
    `The machine ${name} is up: ${engine} ${engineVersion}, ${WALLS[isolation]}.`,
  walls: ({ probes }) => `${probes.length} walls are proven from inside.`,
  provision: ({ files, bytes, skills }) =>
    `${files} files (${bytes} bytes) and ${skills.length} skills are in the bottle.`,
  agent: agentSentence,
  collect: ({ files, refused }) => `${files.length} outputs, ${refused.length} refused.`,
  proposal: proposalSentence,
  session: ({ reason, files, bytes }) =>
    reason === '' ? `${files} files (${bytes} bytes) are kept.` : 'It is not kept.',
  'clean up': () => 'Done.',
  'write back': writeBackSentence,
};

function writeBackSentence({ state, reason, branch, commit, pullRequest }: WriteBack): string {
  if (branch === '') return reason || state;
  const request = pullRequest && `, pull request ${pullRequest.state}: ${pullRequest.url}`;
  return `The branch ${branch} is at ${commit}${request ?? ''}.`;
}

function agentSentence(run: AgentRun): string {
  const after = `after ${run.durationMs.toFixed(0)} ms`;
  if (run.kind === 'turns') return `The agent was ended ${after}: it has ${run.allowed} turns.`;
  if (run.kind !== 'exited') return `The agent was ended from outside (${run.kind}) ${after}.`;
  const why = run.failure ? `: ${run.failure.reason}` : '';
  return `The agent ended with exit code ${run.exitCode} ${after}${why}.`;
}

function proposalSentence(proposal: Proposal): string {
  if (proposal.kind === 'none') return 'It changed nothing.';
  if (proposal.kind === 'refused') return proposal.reason;
  const { stat, commits, verdict, findings } = proposal;
  return `${stat.length} changed files in ${commits.length} commits: ${verdict}, ${findings.length} findings.`;
}

const WALLS = {
  microvm: 'a hardware-isolated microVM',
  namespaces: 'Linux namespaces, which are weaker than a machine of its own',
};

export function sentenceOf<K extends PhaseName>(name: K, result: PhaseResults[K]): string {
  return SENTENCES[name](result);
}
