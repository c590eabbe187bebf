/** The engine of a given name, and whether this runner can boot with it. */
import { BottleError } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { bubblewrapEngine, tryBottle } from './bubblewrap/bubblewrap.ts';
import { examineEngine, examineRunner, probeEngine, probeRunner } from './doctor/doctor.ts';
import { fail, ok } from './doctor/finding.ts';
import type { SocketFacts } from './doctor/room.ts';
import { ensureSmolvm, type SmolvmProgram } from './install/install.ts';
import type { SmolvmRequest } from './install/release.ts';
import type { Engine, EngineName, Finding } from './machine.ts';
import { smolvmEngine } from './smolvm/smolvm.ts';

/** `binary`: the smolvm program; bubblewrap finds its own on PATH. */
export function createEngine(host: Host, name: EngineName, binary: HostPath): Engine {
  return name === 'smolvm' ? smolvmEngine(host, { binary }) : bubblewrapEngine(host);
}

/** An engine that can boot, as far as can be told without booting. */
export type ReadyEngine = Engine & {
  /** The smolvm that it drives, for images that smolvm has to fetch or build. */
  readonly smolvm?: SmolvmProgram;
};

/**
 * Never another engine than the one asked for: a weaker wall is not a fallback.
 * @throws {BottleError} `boot-failed` naming all that was probed and found wanting, or why there is
 * no smolvm.
 */
export async function requireEngine(
  host: Host,
  name: EngineName,
  request: SmolvmRequest,
): Promise<ReadyEngine> {
  const failed = failuresOf(examineEngine(await probeEngine(host, name), name));
  if (failed.length > 0) {
    const error = cannotBoot(name, failed);
    if (host.env.BOTTLE_BOOT_ANYWAY !== 'true') throw error;
    host.log.warning(`BOTTLE_BOOT_ANYWAY is set. ${error.message}`);
  }
  if (name === 'bubblewrap') return bubblewrapEngine(host);
  const smolvm = await ensureSmolvm(host, request);
  return { ...smolvmEngine(host, { binary: smolvm.path }), smolvm };
}

/** All that the doctor finds on this runner, for bottles with the engine `name`. */
export async function diagnose(
  host: Host,
  name: EngineName,
  request: SmolvmRequest,
  sockets: readonly SocketFacts[],
): Promise<readonly Finding[]> {
  const facts = await probeRunner(host, { bottle: () => tryBottle(host), sockets });
  const findings = examineRunner(facts, name);
  if (name === 'bubblewrap' || failuresOf(findings).length > 0) return findings;
  return [...findings, await findSmolvm(host, request)];
}

/** Installs smolvm as a run would: what fails here would fail there. */
async function findSmolvm(host: Host, request: SmolvmRequest): Promise<Finding> {
  try {
    const { version, path, origin } = await ensureSmolvm(host, request);
    return ok('smolvm', `${version} from ${origin}: ${path}`);
  } catch (error) {
    if (error instanceof BottleError)
      return fail('smolvm', `${error.what}: ${error.where}`, error.fix);
    throw error;
  }
}

export function failuresOf(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ level }) => level === 'fail');
}

function cannotBoot(name: EngineName, failed: readonly Finding[]): BottleError {
  return new BottleError({
    outcome: 'boot-failed',
    what: `This runner cannot boot a bottle with the engine ${name}`,
    where: failed.map(({ probe, found }) => `${probe}: ${found}`).join('; '),
    fix: `${failed.map(({ remedy }) => remedy).join(' ')}${OTHER_WAYS[name]}`,
  });
}

const OTHER_WAYS: Readonly<Record<EngineName, string>> = {
  smolvm:
    ' Runners that boot smolvm: ubuntu-latest (x64) with /dev/kvm opened, or bare-metal Apple ' +
    'Silicon. Without a hypervisor, `engine: bubblewrap` runs on Linux with weaker isolation.',
  bubblewrap: '',
};
