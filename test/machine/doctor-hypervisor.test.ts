/** Which runners boot a microVM, and what is said of those that do not. */
import { test } from 'vitest';
import { expectFindings, MAC, type Runner } from './doctor-runner.ts';

const NO_KVM = { device: 'ENOENT', modules: [], answer: undefined };
const IN_CONTAINER = { container: '/.dockerenv' };

const LINUX: readonly Runner[] = [
  { name: 'ubuntu-latest with /dev/kvm opened', boots: true },
  {
    name: 'ubuntu-latest as it is',
    change: { kvm: { device: 'EACCES', answer: undefined } },
    boots: false,
    says: ['EACCES', 'sudo chmod 666 /dev/kvm', 'udev'],
  },
  {
    name: 'ubuntu-latest on a node without KVM',
    change: { kvm: NO_KVM },
    boots: false,
    says: ['ENOENT', 'Run the job again'],
  },
  {
    name: 'a private repository with two cores',
    change: { platform: { cores: 2 }, room: { cores: 2, memoryMib: 7900, freeMemoryMib: 6800 } },
    boots: true,
  },
  {
    name: 'ubuntu-slim',
    change: {
      platform: { cores: 1, ...IN_CONTAINER },
      kvm: NO_KVM,
      room: { cores: 1, freeMemoryMib: 4500 },
    },
    boots: false,
    says: ['ubuntu-slim', 'use ubuntu-latest', 'two cores'],
  },
  {
    name: 'ubuntu-24.04-arm with KVM',
    change: { platform: { arch: 'arm64' }, kvm: { cpuFlag: undefined } },
    boots: true,
  },
  {
    name: 'ubuntu-26.04-arm without KVM',
    change: { platform: { arch: 'arm64' }, kvm: { ...NO_KVM, cpuFlag: undefined } },
    boots: false,
    says: ['arm64 runners', 'ubuntu-latest (x64)'],
  },
  {
    name: 'a container job',
    change: { platform: IN_CONTAINER, kvm: NO_KVM },
    boots: false,
    says: ['--device /dev/kvm'],
  },
  {
    name: 'a container job with the device, closed',
    change: { platform: IN_CONTAINER, kvm: { device: 'EPERM', answer: undefined } },
    boots: false,
    says: ['EPERM', 'on its host'],
  },
  { name: 'a container job with the device', change: { platform: IN_CONTAINER }, boots: true },
  {
    name: 'one’s own machine without nested virtualization',
    change: { platform: { hosted: false }, kvm: NO_KVM },
    boots: false,
    says: ['Turn on (nested) virtualization'],
  },
  {
    name: 'a device that no module serves',
    change: { kvm: { ...NO_KVM, device: 'ENXIO' } },
    boots: false,
    says: ['ENXIO'],
  },
  {
    name: 'one’s own server, bare metal',
    change: {
      platform: { hosted: false },
      kvm: { nested: false, cpuFlag: 'vmx', modules: ['kvm', 'kvm_intel'] },
    },
    boots: true,
  },
  {
    name: 'a guest of a paravirtual KVM',
    change: { platform: { hosted: false }, kvm: { modules: ['kvm', 'kvm_pvm'], cpuFlag: '' } },
    boots: false,
    says: ['kvm_pvm', 'hardware virtualization'],
  },
  {
    name: 'a processor that hides its flags',
    change: { kvm: { modules: [], cpuFlag: '' } },
    boots: true,
    says: ['neither vmx nor svm'],
  },
  {
    name: 'a KVM of another version',
    change: { kvm: { answer: { kind: 'answered', api: '11', machine: 'created' } } },
    boots: false,
    says: ['version 11'],
  },
  {
    name: 'a KVM that makes no machine',
    change: { kvm: { answer: { kind: 'answered', api: '12', machine: 'Cannot allocate memory' } } },
    boots: false,
    says: ['Cannot allocate memory'],
  },
  {
    name: 'a runner without perl and Python',
    change: { kvm: { answer: { kind: 'not probed', why: 'neither' } } },
    boots: true,
  },
  {
    name: 'a processor that smolvm is not built for',
    change: { platform: { arch: 'riscv64' } },
    boots: false,
    says: ['linux-riscv64', 'ubuntu-latest'],
  },
];

const OTHERS: readonly Runner[] = [
  {
    name: 'Windows',
    from: { ...MAC, mac: undefined },
    change: { platform: { platform: 'win32', arch: 'x64' } },
    boots: false,
    says: ['win32-x64', 'ubuntu-latest'],
  },
  { name: 'a Mac of one’s own', from: MAC, boots: true },
  {
    name: 'macos-latest',
    from: MAC,
    change: { platform: { hosted: true }, mac: { guest: '1' } },
    boots: false,
    says: [/virtual machines that cannot boot others/, 'bare-metal Apple Silicon', 'ubuntu-latest'],
  },
  {
    name: 'macos-latest, where nothing is supported',
    from: MAC,
    change: { platform: { hosted: true }, mac: { support: '0', guest: '1' } },
    boots: false,
    says: ['bare-metal Apple Silicon'],
  },
  {
    name: 'macos-15-intel',
    from: MAC,
    change: { platform: { hosted: true, arch: 'x64' } },
    boots: false,
    says: ['Intel', 'ubuntu-latest'],
  },
  {
    name: 'a virtual Mac of one’s own',
    from: MAC,
    change: { mac: { guest: '1' } },
    boots: false,
    says: ['A virtual Mac boots no machines'],
  },
  {
    name: 'a Mac without Hypervisor.framework',
    from: MAC,
    change: { mac: { support: '0' } },
    boots: false,
    says: ['Apple Silicon'],
  },
  {
    name: 'a Mac whose sysctl says nothing',
    from: MAC,
    change: { mac: { support: 'unknown', guest: 'unknown' } },
    boots: true,
    says: ['unknown, unknown'],
  },
  {
    name: 'a Mac whose service hides Homebrew',
    from: MAC,
    change: { mac: { hidden: ['zstd', 'gtar'] } },
    boots: true,
    says: ['zstd and gtar', '.path'],
  },
];

test.each(LINUX)('$name: $boots', expectFindings);
test.each(OTHERS)('$name: $boots', expectFindings);
