/** `machine stop` and `machine delete`. */
import { readSync, rmSync } from 'node:fs';
import { type Command, flag, value } from './command.ts';
import { applyFault } from './fault.ts';
import { machineFiles } from './layout.ts';
import { endMonitor, probeState, stopRecord } from './machine.ts';
import { deleteRecord, getRecord } from './record.ts';

export const stop: Command = {
  name: 'machine stop',
  options: [value('name', 'n')],
  operands: 0,
  async run(args) {
    await applyFault('stop');
    const record = getRecord(args.get('name') ?? 'default');
    const state = await probeState(record);
    if (state === 'running' || state === 'unreachable') {
      await stopRecord(record);
      process.stdout.write(`Stopped machine: ${record.name}\n`);
    } else {
      // A start that was killed leaves its monitor behind.
      await endMonitor(record.name);
      process.stdout.write(`Machine '${record.name}' is not running (state: ${state})\n`);
    }
    return 0;
  },
};

/**
 * Stops first, asks then; and does not kill the monitor of a machine that counts as not running.
 */
export const remove: Command = {
  name: 'machine delete',
  options: [{ ...value('name', 'n'), required: true }, flag('force', 'f'), flag('cascade')],
  operands: 0,
  async run(args) {
    await applyFault('delete');
    const record = getRecord(args.get('name') ?? '');
    const state = await probeState(record);
    if (state === 'running' || state === 'unreachable') await stopRecord(record);
    if (!args.has('force') && !isConfirmed(record.name)) {
      process.stdout.write('Cancelled\n');
      return 0;
    }
    rmSync(machineFiles(record.name).directory, { recursive: true, force: true });
    deleteRecord(record.name);
    process.stdout.write(`Deleted machine: ${record.name}\n`);
    return 0;
  },
};

function isConfirmed(name: string): boolean {
  process.stderr.write(`Delete machine '${name}'? [y/N] `);
  const answer = Buffer.alloc(16);
  try {
    return /^y/i.test(answer.toString('utf8', 0, readSync(0, answer)));
  } catch {
    return false;
  }
}
