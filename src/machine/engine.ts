/** The engine of a given name, and whether this runner can boot with it. */
import { tmpdir } from 'node:os';
import { BottleError } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { bubblewrapEngine } from './bubblewrap.ts';
import type { Engine, EngineName, Finding } from './machine.ts';
import { smolvmEngine } from './smolvm.ts';
import { cliEnv } from './smolvm-cli.ts';

const VERSION_TIMEOUT_MS = 20_000;

/** `binary`: the smolvm program; bubblewrap finds its own on PATH. */
export function createEngine(host: Host, name: EngineName, binary: HostPath): Engine {
  return name === 'smolvm' ? smolvmEngine(host, { binary }) : bubblewrapEngine(host);
}

/** The smolvm program that `SMOLVM_BIN` names or that is on PATH; empty when there is none. */
export function findSmolvm(host: Host): HostPath {
  return host.env.SMOLVM_BIN || host.which('smolvm') || '';
}

/** An engine that was probed and can boot. */
export type ReadyEngine = Engine & {
  /** The smolvm that it drives, for images that smolvm has to fetch or build. */
  readonly smolvm?: SmolvmProgram;
};

export type SmolvmProgram = {
  readonly path: HostPath;
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Never another engine than the one asked for: a weaker wall is not a fallback.
 * @throws {BottleError} `boot-failed` naming all that was probed and found wanting.
 */
export async function requireEngine(host: Host, name: EngineName): Promise<ReadyEngine> {
  const path = name === 'smolvm' ? findSmolvm(host) : '';
  const engine = createEngine(host, name, path);
  const failed = (await engine.preflight()).filter(({ ok }) => !ok);
  if (failed.length > 0) throw cannotBoot(name, failed);
  if (name === 'bubblewrap') return engine;
  const { stdout } = await host.run([path, '--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = stdout.trim().replace(/^smolvm /, '');
  const stateDir = host.env.RUNNER_TEMP ?? tmpdir();
  return { ...engine, smolvm: { path, version, env: cliEnv(host, stateDir) } };
}

function cannotBoot(name: EngineName, failed: readonly Finding[]): BottleError {
  return new BottleError({
    outcome: 'boot-failed',
    what: `This runner cannot boot a bottle with the engine ${name}`,
    where: failed.map(({ probe, found }) => `${probe}: ${found}`).join('; '),
    fix: `${failed.map(({ remedy }) => remedy).join(' ')}${otherWays(name)}`,
  });
}

function otherWays(name: EngineName): string {
  if (name === 'bubblewrap') return '';
  return ' Runners that boot smolvm: ubuntu-latest (x64) with /dev/kvm opened, or bare-metal Apple Silicon. Without a hypervisor, "engine: bubblewrap" runs on Linux with weaker isolation.';
}
