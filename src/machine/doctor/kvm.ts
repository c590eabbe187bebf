/** Linux: can KVM be used, and will it run the guests that smolvm brings? */
import { constants } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import type { Finding } from '../machine.ts';
import { fail, ok, warn } from './finding.ts';
import { isSlim, type PlatformFacts } from './platform.ts';

export type KvmFacts = {
  /** `opened`, or the code of the error. */
  readonly device: string;
  /** The kernel's modules whose names begin with `kvm`. */
  readonly modules: readonly string[];
  /** The processor's flag for virtualization; empty: it has none. Undefined where there are no such flags. */
  readonly cpuFlag: 'vmx' | 'svm' | '' | undefined;
  /** The runner is itself a virtual machine. */
  readonly nested: boolean;
  /** What KVM itself said; undefined: it was not asked. */
  readonly answer: KvmAnswer | undefined;
};

export type KvmAnswer =
  | { readonly kind: 'answered'; readonly api: string; readonly machine: string }
  | { readonly kind: 'not probed'; readonly why: string };

const DEVICE: HostPath = '/dev/kvm';
/** Has been it since Linux 2.6.22, and every other is to be refused (kernel: virt/kvm/api.rst). */
const API_VERSION = '12';
const ASK_TIMEOUT_MS = 5_000;

/** `ask`: ask KVM for its version and a machine too, through another process. */
export async function probeKvm(host: Host, ask: boolean, device = DEVICE): Promise<KvmFacts> {
  const opened = await openDevice(device);
  const flags = await cpuFlags();
  const isX64 = host.arch === 'x64' && flags.length > 0;
  return {
    device: opened,
    modules: (await readdir('/sys/module').catch(() => [])).filter((name) => /^kvm/.test(name)),
    cpuFlag: isX64 ? (VIRTUALIZATION.find((flag) => flags.includes(flag)) ?? '') : undefined,
    nested: flags.includes('hypervisor'),
    answer: ask && opened === 'opened' ? await askKvm(host, device) : undefined,
  };
}

const VIRTUALIZATION = ['vmx', 'svm'] as const;

async function openDevice(device: HostPath): Promise<string> {
  try {
    const file = await open(device, constants.O_RDWR);
    await file.close();
    return 'opened';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? messageOf(error);
  }
}

async function cpuFlags(): Promise<string[]> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
}

/** Node has no `ioctl`. KVM_GET_API_VERSION is 0xAE00, KVM_CREATE_VM 0xAE01 (linux/kvm.h). */
const ASKERS: readonly (readonly [program: string, option: string, script: string])[] = [
  [
    'perl',
    '-e',
    'open(my $kvm, "+<", $ARGV[0]) or die "$!\\n"; my $api = ioctl($kvm, 0xAE00, 0);' +
      'my $machine = ioctl($kvm, 0xAE01, 0); my $why = "$!";' +
      'print $api + 0, "\\n", defined $machine ? "created" : $why, "\\n"',
  ],
  [
    'python3',
    '-c',
    'import fcntl, sys\nkvm = open(sys.argv[1], "r+b", buffering=0)\n' +
      'print(fcntl.ioctl(kvm, 0xAE00, 0))\n' +
      'try:\n  fcntl.ioctl(kvm, 0xAE01, 0)\n  print("created")\n' +
      'except OSError as error:\n  print(error.strerror)\n',
  ],
];

async function askKvm(host: Host, device: HostPath): Promise<KvmAnswer> {
  for (const [name, option, script] of ASKERS) {
    const program = host.which(name);
    if (program === undefined) continue;
    const result = await host.run([program, option, script, device], { timeoutMs: ASK_TIMEOUT_MS });
    const [api = '', machine = ''] = result.stdout.split('\n');
    if (result.exitCode === 0 && machine !== '') return { kind: 'answered', api, machine };
    return { kind: 'not probed', why: `${name} ended with ${result.exitCode}` };
  }
  return { kind: 'not probed', why: 'neither perl nor python3 is there' };
}

export function examineKvm(facts: KvmFacts, platform: PlatformFacts): Finding[] {
  const device = examineDevice(facts, platform);
  if (device.level === 'fail') return [device];
  return [device, ...examineAnswer(facts), examineGuests(facts)];
}

function examineDevice({ device }: KvmFacts, platform: PlatformFacts): Finding {
  const probe = `${DEVICE}, opened for reading and writing`;
  if (device === 'opened') return ok(probe, 'opened');
  const isAbsent = ['ENOENT', 'ENODEV', 'ENXIO'].includes(device);
  return fail(probe, device, isAbsent ? noKvm(platform) : closedKvm(platform));
}

function noKvm(platform: PlatformFacts): string {
  if (isSlim(platform)) return 'ubuntu-slim is a container without KVM: use ubuntu-latest.';
  if (platform.container !== '') {
    return `Give the container \`--device ${DEVICE}\`, on a host that has it: ubuntu-latest (x64).`;
  }
  if (platform.hosted && platform.arch === 'arm64') {
    return "Not all of GitHub's arm64 runners have KVM: use ubuntu-latest (x64).";
  }
  if (platform.hosted) return 'Run the job again, or use ubuntu-latest (x64): nearly all have KVM.';
  return 'Turn on (nested) virtualization for this machine, or use ubuntu-latest (x64).';
}

function closedKvm({ container }: PlatformFacts): string {
  const open = `Run \`sudo chmod 666 ${DEVICE}\` in a step before, or add the udev rule of docs/runners.md`;
  return container === '' ? `${open}.` : `${open}; in a container, on its host.`;
}

function examineAnswer({ answer }: KvmFacts): Finding[] {
  const probe = 'KVM: version, and a machine made';
  const remedy = 'Use another runner, such as ubuntu-latest (x64): its kernel runs no machines.';
  if (answer === undefined) return [];
  if (answer.kind === 'not probed') return [ok(probe, `not probed: ${answer.why}`)];
  const { api, machine } = answer;
  const isGood = api === API_VERSION && machine === 'created';
  const found = `version ${api}, machine: ${machine}`;
  return [isGood ? ok(probe, found) : fail(probe, found, remedy)];
}

function examineGuests({ modules, cpuFlag, nested }: KvmFacts): Finding {
  const probe = 'KVM: which guests it runs';
  const where = nested ? 'in a virtual machine' : 'on bare metal';
  if (cpuFlag === undefined) return ok(probe, `any of this processor; ${where}`);
  if (cpuFlag !== '') return ok(probe, `any (${cpuFlag}); ${where}`);
  if (modules.includes('kvm_pvm')) {
    const found = 'only guests made for it (kvm_pvm, neither vmx nor svm)';
    return fail(probe, found, 'Use a runner with (nested) hardware virtualization: ubuntu-latest.');
  }
  const found = `the processor shows neither vmx nor svm; ${where}`;
  return warn(probe, found, 'If no machine boots, use ubuntu-latest (x64).');
}
