/** What kind of runner this is: system, processor, GitHub's or one's own, container or not. */
import { existsSync, readFileSync } from 'node:fs';
import type { Host } from '../../host/host.ts';
import { isSupported } from '../install/release.ts';
import type { EngineName, Finding } from '../machine.ts';
import { fail, ok, warn } from './finding.ts';

export type PlatformFacts = {
  /** Node's names. */
  readonly platform: string;
  readonly arch: string;
  /** GitHub runs it. */
  readonly hosted: boolean;
  /** What tells that this is a container, such as `/.dockerenv`; empty: nothing does. */
  readonly container: string;
  readonly cores: number;
};

export function probePlatform(host: Host): PlatformFacts {
  return {
    platform: host.platform,
    arch: host.arch,
    hosted: host.env.RUNNER_ENVIRONMENT === 'github-hosted',
    container: host.platform === 'linux' ? containerSign(host) : '',
    cores: host.facts().cores,
  };
}

const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv'];
const CONTAINER_GROUPS = /docker|containerd|kubepods|libpod|lxc/;

function containerSign(host: Host): string {
  const file = CONTAINER_FILES.find((path) => existsSync(path));
  if (file !== undefined) return file;
  if (host.env.KUBERNETES_SERVICE_HOST) return 'KUBERNETES_SERVICE_HOST';
  const group = CONTAINER_GROUPS.exec(readText('/proc/1/cgroup'))?.[0];
  return group === undefined ? '' : `${group} in /proc/1/cgroup`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** GitHub's one-core runners are containers, all its others are machines. */
export function isSlim({ hosted, container, cores }: PlatformFacts): boolean {
  return hosted && container !== '' && cores === 1;
}

export function examinePlatform(facts: PlatformFacts, engine: EngineName): Finding {
  const found = `${facts.platform}-${facts.arch}`;
  if (engine === 'bubblewrap') {
    if (facts.platform === 'linux') return ok('platform', found);
    return fail('platform', found, 'Use a Linux runner, or `engine: smolvm`.');
  }
  if (isSupported(facts)) return ok('platform', found);
  return fail('platform', found, noSmolvm(facts));
}

function noSmolvm({ platform }: PlatformFacts): string {
  if (platform === 'darwin') {
    return 'smolvm has no build for Intel Macs: use bare-metal Apple Silicon or ubuntu-latest.';
  }
  return 'smolvm exists for Linux on x64 and arm64 and for Apple Silicon: use ubuntu-latest.';
}

export function examineContainer(facts: PlatformFacts): Finding {
  if (facts.container === '') return ok('container', 'no sign of one');
  if (!isSlim(facts)) return ok('container', `maybe: ${facts.container}`);
  const found = `one core and ${facts.container}: this looks like ubuntu-slim`;
  return warn(
    'container',
    found,
    'Use ubuntu-latest: ubuntu-slim has no KVM and ends after 15 minutes.',
  );
}
