/** What smolvm's error texts mean and what to do about them: smolvm.md §8 as data. */

export type FailureClass = {
  readonly name: string;
  /** Any of these in stderr, in lower case. */
  readonly says: readonly string[];
  readonly what: string;
  readonly fix: string;
};

const RUNNERS =
  'Use a runner label with KVM (ubuntu-latest x64), or choose `engine: bubblewrap` knowingly.';
const DISK = 'Free disk space on the runner, or raise `machine.storage_gib`.';
const REBUILD = 'Build or fetch the image again; when it came from a cache, delete that entry.';

/** The first class that matches counts, so the particular ones come before the general. */
export const FAILURE_CLASSES: readonly FailureClass[] = [
  {
    name: 'working-directory',
    says: ['bottle: no working directory'],
    what: 'the working directory of a command is not there in the guest',
    fix: 'Name a directory that exists, or make it first.',
  },
  {
    name: 'usage',
    says: ['error: unexpected argument', 'error: unrecognized subcommand', 'error: invalid value'],
    what: 'this smolvm does not know the options that we use',
    fix: 'Install smolvm 1.9.2 or newer, or leave the version to the action.',
  },
  {
    name: 'kvm-absent',
    says: ['kvm not available'],
    what: 'the runner has no KVM',
    fix: RUNNERS,
  },
  {
    name: 'kvm-permission',
    says: ['kvm permission denied'],
    what: 'the runner may not open /dev/kvm',
    fix: 'Run `sudo chmod 666 /dev/kvm` in a step before.',
  },
  {
    name: 'kvm-first-run',
    says: ['916b7f42b3b3'],
    what: "the host kernel's KVM has a known bug",
    fix: 'Use at least 2 CPUs (`machine.cpus`) or a newer runner image.',
  },
  {
    name: 'entitlement',
    says: ['not signed with the com.apple.security.hypervisor'],
    what: 'the smolvm program lost its entitlement',
    fix: 'Download smolvm again, and neither strip nor re-sign it.',
  },
  {
    name: 'devices',
    says: ['no more irqs are available'],
    what: 'the machine has more devices than it can seat',
    fix: 'Report it: this action uses one socket and no mount.',
  },
  {
    name: 'boot-einval',
    says: ['krun_start_enter returned: -22', '-22 (einval'],
    what: 'the hypervisor refused the machine (-22)',
    fix:
      'On macOS: hosted runners cannot boot machines, use bare-metal Apple Silicon. ' +
      'On Linux: check that /dev/kvm may be opened.',
  },
  {
    name: 'boot-errno',
    says: ['krun_start_enter returned: -'],
    what: 'the hypervisor refused the machine',
    fix:
      'Lower `machine.memory_mib`, and see the number in the text above ' +
      '(12: memory, 13 and 1: permission, 16: busy).',
  },
  {
    name: 'boot-timeout',
    says: ['agent did not become ready within'],
    what: 'the guest was not ready in time',
    fix:
      'Lower `machine.memory_mib` (nested virtualisation pages it in slowly), ' +
      'or use a larger runner.',
  },
  {
    name: 'boot-exit',
    says: ['before the agent was ready', 'agent process exited during startup'],
    what: 'the guest ended while it booted',
    fix: "See the machine's own log above; try another smolvm version or more memory.",
  },
  {
    name: 'install',
    says: [
      'agent rootfs not found',
      "couldn't find or load libkrunfw",
      'smolvm binary not found at',
      'library directory not found at',
    ],
    what: 'the smolvm installation is not whole',
    fix: 'Delete it from the tool cache and let the action install it again.',
  },
  {
    name: 'locked',
    says: ['another process is already starting or running this vm'],
    what: 'another process uses this machine',
    fix: 'Run one job at a time on this runner, or re-run the job.',
  },
  {
    name: 'database',
    says: ['database is locked', 'database not available'],
    what: "smolvm's database is in use",
    fix: 'Re-run the job; on a self-hosted runner look for a smolvm that still runs.',
  },
  {
    name: 'port',
    says: ['is already in use by running machine', 'address already in use'],
    what: 'a port of the runner is taken',
    fix: 'Stop what listens there.',
  },
  {
    name: 'volume',
    says: [
      'mount source not found',
      'protected system path',
      'invalid mount path',
      'duplicate mount target',
    ],
    what: 'smolvm refused a mount',
    fix: 'Report it: this action mounts nothing but its socket.',
  },
  {
    name: 'image-network',
    says: ['must be pulled from a registry'],
    what: 'the image would have to be pulled, and the machine has no network',
    fix: 'Give a `.smolmachine` file as the image.',
  },
  {
    name: 'image-pull',
    says: ['crane manifest failed', 'crane blob failed', 'toomanyrequests', 'pull image:'],
    what: 'the image could not be pulled',
    fix: 'Use a mirror or credentials for the registry, or a ready `.smolmachine` file.',
  },
  {
    name: 'egress-name',
    says: ['config operation failed: --allow-host'],
    what: 'smolvm could not resolve a host of its own policy',
    fix: 'Report it: this action gives smolvm no policy.',
  },
  {
    name: 'init',
    says: ['init: init['],
    what: "the image's own start-up command failed",
    fix: "Correct the image's init commands.",
  },
  {
    name: 'pack-checksum',
    says: ['checksum mismatch for', 'shared pack checksum collision'],
    what: 'the image is damaged',
    fix: REBUILD,
  },
  {
    name: 'pack-broken',
    says: [
      'invalid magic: expected smolpack',
      'unsupported version:',
      'too small to contain footer',
      'read .smolmachine',
    ],
    what: 'the image is not a readable `.smolmachine`',
    fix: REBUILD,
  },
  {
    name: 'pack-platform',
    says: ['platform mismatch'],
    what: 'the image is for another architecture',
    fix: "Build it for the runner's architecture.",
  },
  {
    name: 'pack-missing',
    says: ['file not found:'],
    what: 'the image is gone',
    fix: 'Re-run the job, so that the image is fetched again.',
  },
  {
    name: 'disk-full',
    says: [
      'no space left on device',
      'os error 28',
      'merge_fail',
      'resource temporarily unavailable (os error 11)',
      'resource temporarily unavailable (os error 35)',
      'bad message (os error 74)',
    ],
    what: 'a disk is full, the runner’s or the machine’s',
    fix: DISK,
  },
  {
    name: 'secret',
    says: ["resolve secret '", 'env_unset'],
    what: 'a variable did not reach smolvm',
    fix: 'Report it, with the smolvm version.',
  },
  {
    name: 'spawn',
    says: ['failed to spawn command'],
    what: 'the guest has no /bin/sh',
    fix: 'Use an image with a shell.',
  },
  {
    name: 'exec-cap',
    says: ['command output exceeded', 'streaming output exceeded', 'command output too large'],
    what: 'smolvm cut off the output',
    fix: 'Report it, with the smolvm version: this action streams.',
  },
  {
    name: 'value-too-long',
    says: ['exceeds 32768 byte limit'],
    what: 'an environment value is longer than 32 KiB',
    fix: 'Hand it over in a file.',
  },
  {
    name: 'exists',
    says: ['already exists or is being created', 'no longer reserved'],
    what: 'a machine of this name exists already',
    fix: 'Re-run the job: every attempt has its own name.',
  },
  {
    name: 'not-running',
    says: ["is not running. use 'smolvm machine start"],
    what: 'the machine is not running',
    fix:
      'The machine died or was overloaded: see its log above, ' +
      'and give it more memory or fewer tasks.',
  },
  {
    name: 'not-found',
    says: ['vm not found:', "' not found"],
    what: 'the machine does not exist',
    fix: 'Re-run the job; something else removed it.',
  },
];
