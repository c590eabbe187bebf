/** The real agents that tests run: which versions, where they are kept, and which of them are there. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProvider } from '../../src/agent/provider.ts';

/** The versions with which the providers were written. */
export const VERSIONS = {
  claude: '2.1.329',
  codex: '0.169.0',
  gemini: '0.61.0',
  opencode: '1.18.33',
} as const;

export type RealAgent = keyof typeof VERSIONS;
export const REAL_AGENTS = Object.keys(VERSIONS) as RealAgent[];

/** A tool cache like a runner's, outside of the repository: these programs are not ours to keep in it. */
export function agentCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bottle-action');
}

/** How the version of an agent is named in a request to install it. */
export function requestFor(agent: RealAgent) {
  const program = findProvider(agent).program;
  if (program === undefined) throw new Error(`${agent} is not installed from npm`);
  const file = program.files[process.arch === 'arm64' ? 'arm64' : 'x64'];
  return { npm: program.npm, version: VERSIONS[agent], source: 'the tests', file };
}

/** Its program on this computer; what it is below it is the package's own affair. */
export function programOf(agent: RealAgent): string {
  const { npm, version, file } = requestFor(agent);
  const key = `${npm.replace('/', '+')}-${version}-linux-${process.arch}`;
  return join(agentCache(), 'bottle/agent', key, file);
}

/** Why tests cannot run it; empty when they can. */
export function whyNotInstalled(agent: RealAgent): string {
  if (existsSync(programOf(agent))) return '';
  return `needs ${agent} ${VERSIONS[agent]}: npm run agents -- ${agent}`;
}

/** Makes `directory` a tool cache that keeps agents from run to run, and nothing else. */
export function openToolCache(directory: string): string {
  const kept = join(agentCache(), 'bottle/agent');
  mkdirSync(kept, { recursive: true });
  mkdirSync(join(directory, 'bottle'), { recursive: true });
  symlinkSync(kept, join(directory, 'bottle/agent'));
  return directory;
}
