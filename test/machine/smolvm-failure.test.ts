/** smolvm's texts become advice. */
import { describe, expect, test } from 'vitest';
import { classifyFailure, engineError } from '../../src/machine/smolvm/failure.ts';
import { FAILURE_CLASSES } from '../../src/machine/smolvm/failure-class.ts';
import { parseList } from '../../src/machine/smolvm/list.ts';
import { checkSocketPath } from '../../src/machine/smolvm/state.ts';

/** Texts as smolvm writes them, and the class that each belongs to. */
const SAMPLES: readonly (readonly [string, string])[] = [
  ['bottle: no working directory: /x', 'working-directory'],
  ["error: unexpected argument '--mount-socket' found", 'usage'],
  ["error: unrecognized subcommand 'exec'", 'usage'],
  ['Error: kvm not available: KVM not available. Is it enabled?', 'kvm-absent'],
  ['Error: kvm permission denied: Cannot access /dev/kvm', 'kvm-permission'],
  ['KVM_CREATE_VM 916b7f42b3b3', 'kvm-first-run'],
  ['not signed with the com.apple.security.hypervisor entitlement', 'entitlement'],
  ['krun_start_enter returned: -22: no more IRQs are available', 'devices'],
  ['Error: krun_start_enter returned: -22 (EINVAL)', 'boot-einval'],
  ['Error: krun_start_enter returned: -12 (ENOMEM)', 'boot-errno'],
  ['start agent: agent did not become ready within 30 seconds', 'boot-timeout'],
  ['boot process exited (code 1) before the agent was ready', 'boot-exit'],
  ['agent process exited during startup', 'boot-exit'],
  ['Error: agent rootfs not found: /x', 'install'],
  ["Couldn't find or load libkrunfw.so.4", 'install'],
  ['Error: library directory not found at /x/lib', 'install'],
  ['another process is already starting or running this VM', 'locked'],
  ['Error: database operation failed: database is locked', 'database'],
  ["host port 80 is already in use by running machine 'y'", 'port'],
  ['configure virtio-net: Address already in use', 'port'],
  ['mount source not found: /x', 'volume'],
  ["image 'x' must be pulled from a registry, but this machine has no network", 'image-network'],
  ['pull image: crane manifest failed: TOOMANYREQUESTS', 'image-pull'],
  ["Error: config operation failed: --allow-host: could not resolve 'x'", 'egress-name'],
  ['Error: agent operation failed: init: init[0] failed (exit 3)', 'init'],
  ['checksum mismatch for x: sidecar may be corrupt', 'pack-checksum'],
  ['read .smolmachine: invalid magic: expected SMOLPACK', 'pack-broken'],
  ['unsupported version: 9', 'pack-broken'],
  ["platform mismatch: this artifact is built for architecture 'arm64'", 'pack-platform'],
  ['create from .smolmachine: file not found: /x', 'pack-missing'],
  ['write: No space left on device (os error 28)', 'disk-full'],
  ['Bad message (os error 74)', 'disk-full'],
  ["resolve secret 'X': env_unset", 'secret'],
  ['vm exec: failed to spawn command: No such file or directory (os error 2)', 'spawn'],
  ['command output exceeded 11534336 bytes and was truncated', 'exec-cap'],
  ["variable 'X' exceeds 32768 byte limit", 'value-too-long'],
  ["machine 'a' already exists or is being created", 'exists'],
  ["machine 'a' is not running. Use 'smolvm machine start --name a' first.", 'not-running'],
  ['Error: vm not found: a', 'not-found'],
  ["machine status: machine 'a' not found", 'not-found'],
];

describe('failure classes', () => {
  test.each(SAMPLES)('%j is %s', (stderr, name) => {
    expect(classifyFailure(stderr)?.name).toBe(name);
  });

  test('each class has a sample, a sentence and an advice', () => {
    const sampled = new Set(SAMPLES.map(([, name]) => name));
    for (const { name, says, what, fix } of FAILURE_CLASSES) {
      expect(sampled, name).toContain(name);
      expect(says.join(), name).toBe(says.join().toLowerCase());
      expect(what).not.toMatch(/[.]$/);
      expect(fix).toMatch(/[.]$/);
    }
  });

  test('an unknown text is told as it is, made safe', () => {
    const stderr = 'Error: \u001b[31mnew\u001b[0m trouble\r\u0007';
    const error = engineError({
      outcome: 'boot-failed',
      command: 'machine start',
      exitCode: 1,
      stderr,
    });
    expect(error).toMatchObject({ outcome: 'boot-failed', what: 'smolvm failed' });
    expect(error.where).toBe(
      '`smolvm machine start` exited with 1 and said: Error: new trouble\n<U+0007>',
    );
    expect(error.fix).toContain('doctor');
  });
});

describe('the socket path', () => {
  const suffix = '/.cache/smolvm/vms/0123456789abcdef/agent.sock'.length;
  const macSuffix = '/Library/Caches/smolvm/vms/0123456789abcdef/agent.sock'.length;

  test.each([
    ['linux', 107 - suffix],
    ['darwin', 100 - macSuffix],
  ])('%s: %i bytes of state directory fit, more are told', (platform, longest) => {
    const directory = (length: number) => `/${'d'.repeat(length - 1)}`;
    expect(() => checkSocketPath(platform, directory(longest), 'a')).not.toThrow();
    expect(() => checkSocketPath(platform, directory(longest + 3), 'a')).toThrow(
      /3 bytes too long.*Shorten the state directory \/d+ by at least 3 bytes/,
    );
  });
});

test('a list that is no list is an error, not a crash', () => {
  for (const json of ['', 'null', '{}', '[1', '[null]']) {
    expect(() => parseList(json)).toThrow(/cannot read/);
  }
  expect(parseList('[]')).toEqual([]);
});
