/**
 * Faults on demand, by environment variables of the double's own. A test that cannot set them,
 * because what it tests scrubs the environment, writes a wrapper script (`double.ts`).
 */
import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SmolvmError } from './command.ts';
import { cachePath } from './layout.ts';

/** What smolvm says, by the fault's name. */
const TEXTS: Readonly<Record<string, string>> = {
  'database-locked': 'database operation failed: database is locked',
  'directory-not-empty': 'remove VM data: Directory not empty (os error 39)',
  'kvm-absent': 'kvm not available: KVM not available. /dev/kvm does not exist.',
  'kvm-permission': 'kvm permission denied: Cannot access /dev/kvm: Permission denied',
  einval: 'agent operation failed: start agent: krun_start_enter returned: -22 (EINVAL)',
  'boot-timeout':
    'agent operation failed: start agent: agent did not become ready within 30 seconds',
  'boot-exit':
    'agent operation failed: start agent: boot process exited (code 1) before the agent was ready',
  'disk-full': 'storage operation failed: No space left on device (os error 28)',
  'trailing-garbage': 'agent operation failed: exec: load config.json: trailing garbage',
};

/**
 * `SMOLVM_DOUBLE_FAIL=create:database-locked:2,exec:killed:3-4,exec-i:vm-dies`: command, fault, and
 * which runs of the command have it: the first (default), so many first ones, or a range of them.
 */
function planned(command: string): { fault: string; from: number; to: number }[] {
  const list = (process.env.SMOLVM_DOUBLE_FAIL ?? '').split(',').map((item) => item.split(':'));
  return list
    .filter(([name]) => name === command)
    .map(([, fault = '', runs = '1']) => {
      const [from = 1, to] = runs.split('-').map(Number);
      return to === undefined ? { fault, from: 1, to: from } : { fault, from, to };
    });
}

/** The fault that this run of `command` has, or undefined; counts it. */
export function takeFault(command: string): string | undefined {
  for (const { fault, from, to } of planned(command)) {
    const counter = join(cachePath(), 'double', `${command}-${fault}`);
    mkdirSync(dirname(counter), { recursive: true });
    appendFileSync(counter, '.');
    const run = statSync(counter).size;
    if (from <= run && run <= to) return fault;
  }
  return undefined;
}

/** Fails a command as its fault says; `hang` never returns, `slow` takes its time. */
export async function applyFault(command: string): Promise<string | undefined> {
  const fault = takeFault(command);
  if (fault === 'hang') await delay(2 ** 31 - 1);
  if (fault === 'slow') await delay(milliseconds('SMOLVM_DOUBLE_SLOW_MS', 400));
  const text = fault === undefined ? undefined : TEXTS[fault];
  if (text !== undefined) throw new SmolvmError(text);
  return fault;
}

/** A number of milliseconds from the environment. */
export function milliseconds(variable: string, fallback: number): number {
  return Number(process.env[variable] ?? fallback);
}
