/**
 * `npm run agents -- [NAME…]`: installs the real agents that tests run, as a run of the action would.
 * Where the registry does not answer, the tests that need them are named as not run.
 */
import { mkdirSync } from 'node:fs';
import { installProgram } from '../../src/agent/install.ts';
import type { Host } from '../../src/host/host.ts';
import { engineHost } from '../machine/engine-host.ts';
import { agentCache, REAL_AGENTS, type RealAgent, requestFor } from './agents.ts';
import { findProgram } from './on-path.ts';

function cacheHost(): Host {
  const env = { ...process.env, RUNNER_TOOL_CACHE: agentCache() };
  return engineHost({ env, which: findProgram });
}

async function install(agent: RealAgent): Promise<boolean> {
  const { version } = requestFor(agent);
  try {
    const { origin, packages } = await installProgram(cacheHost(), requestFor(agent));
    console.log(`${agent} ${version}: ${origin}, ${packages[0]?.integrity}`);
    return true;
  } catch (error) {
    console.log(
      `${agent} ${version}: not installed. ${error instanceof Error ? error.message : error}`,
    );
    return false;
  }
}

const asked = process.argv.slice(2);
const strange = asked.find((name) => !(REAL_AGENTS as readonly string[]).includes(name));
if (strange !== undefined) throw new Error(`${strange}: the agents are ${REAL_AGENTS.join(', ')}`);
mkdirSync(agentCache(), { recursive: true });
const wanted = REAL_AGENTS.filter((name) => asked.length === 0 || asked.includes(name));
const done: boolean[] = [];
for (const agent of wanted) done.push(await install(agent));
process.exitCode = done.every(Boolean) ? 0 : 1;
