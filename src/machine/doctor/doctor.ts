/**
 * The doctor: what a runner is and has, and what that means for a bottle. Probing asks the runner and
 * decides nothing; examining decides and asks nothing, so any runner can be examined in a test.
 */
import { tmpdir } from 'node:os';
import type { Host } from '../../host/host.ts';
import type { EngineName, Finding } from '../machine.ts';
import { examineJob, type JobFacts, probeJob } from './job.ts';
import { examineKvm, type KvmFacts, probeKvm } from './kvm.ts';
import { examineHypervisor, examineServicePath, type MacFacts, probeMac } from './mac.ts';
import { examineNamespaces, type NamespaceFacts, probeNamespaces } from './namespace.ts';
import {
  examineContainer,
  examinePlatform,
  type PlatformFacts,
  probePlatform,
} from './platform.ts';
import { examineRoom, probeRoom, type RoomFacts, type SocketFacts } from './room.ts';

/** What decides whether an engine can boot; a part is undefined on other systems. */
export type EngineFacts = {
  readonly platform: PlatformFacts;
  readonly kvm: KvmFacts | undefined;
  readonly mac: MacFacts | undefined;
  readonly namespaces: NamespaceFacts | undefined;
};

export type RunnerFacts = EngineFacts & { readonly room: RoomFacts; readonly job: JobFacts };

export type Trials = {
  /** Makes a bottle with bubblewrap; throws when it does not hold. */
  readonly bottle: () => Promise<void>;
  readonly sockets: readonly SocketFacts[];
};

/** Quick: what can be told before every boot, for the one engine that is to boot. */
export async function probeEngine(host: Host, engine: EngineName): Promise<EngineFacts> {
  const isSmolvm = engine === 'smolvm';
  return {
    platform: probePlatform(host),
    kvm: isSmolvm && host.platform === 'linux' ? await probeKvm(host, false) : undefined,
    mac: isSmolvm && host.platform === 'darwin' ? await probeMac(host) : undefined,
    namespaces:
      isSmolvm || host.platform !== 'linux' ? undefined : await probeNamespaces(host, undefined),
  };
}

/** Thorough: all there is to know, which takes a second or two. */
export async function probeRunner(host: Host, trials: Trials): Promise<RunnerFacts> {
  const isLinux = host.platform === 'linux';
  return {
    platform: probePlatform(host),
    kvm: isLinux ? await probeKvm(host, true) : undefined,
    mac: host.platform === 'darwin' ? await probeMac(host) : undefined,
    namespaces: isLinux ? await probeNamespaces(host, trials.bottle) : undefined,
    room: await probeRoom(host, host.env.RUNNER_TEMP ?? tmpdir(), trials.sockets),
    job: await probeJob(host),
  };
}

/** What keeps `engine` from booting has the level `fail`. */
export function examineEngine(facts: EngineFacts, engine: EngineName): Finding[] {
  const { platform, kvm, mac, namespaces } = facts;
  const first = examinePlatform(platform, engine);
  if (first.level === 'fail') return [first];
  if (engine === 'bubblewrap') return [first, ...(namespaces ? examineNamespaces(namespaces) : [])];
  return [
    first,
    ...(kvm ? examineKvm(kvm, platform) : []),
    ...(mac ? [examineHypervisor(mac, platform)] : []),
  ];
}

/** All findings for a bottle with `engine`, and in one of them what there is to say of the other. */
export function examineRunner(facts: RunnerFacts, engine: EngineName): Finding[] {
  return [
    ...examineEngine(facts, engine),
    examineOther(facts, engine === 'smolvm' ? 'bubblewrap' : 'smolvm'),
    examineContainer(facts.platform),
    ...(facts.mac ? [examineServicePath(facts.mac)] : []),
    ...examineRoom(facts.room),
    ...examineJob(facts.job),
  ];
}

function examineOther(facts: RunnerFacts, engine: EngineName): Finding {
  const failed = examineEngine(facts, engine).filter(({ level }) => level === 'fail');
  const reasons = failed.map(({ probe, found }) => `${probe}: ${found}`).join('; ');
  const found = reasons === '' ? 'nothing here speaks against it' : `no: ${reasons}`;
  return { probe: `the other engine, ${engine}`, found, level: 'ok', remedy: '' };
}
