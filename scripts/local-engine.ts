/** Which engine a local run uses when nobody names one. The action itself never chooses like this. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** `engine`: what to pass as the input, if anything. `note`: one line for the person, or empty. */
export async function chooseEngine(
  given: string | undefined,
): Promise<{ engine: string | undefined; note: string }> {
  if (given) return { engine: given, note: '' };
  const missing = [
    ...(hasSmolvm() ? [] : ['no smolvm']),
    ...((await hasHypervisor()) ? [] : ['no usable hypervisor']),
  ];
  if (missing.length === 0) return { engine: undefined, note: '' };
  return {
    engine: 'bubblewrap',
    note: `There is ${missing.join(' and ')} here: this run uses bubblewrap, whose isolation is weaker.`,
  };
}

function hasSmolvm(): boolean {
  const { SMOLVM_BIN, PATH = '' } = process.env;
  if (SMOLVM_BIN) return mayUse(SMOLVM_BIN, constants.X_OK);
  return PATH.split(delimiter).some((path) => mayUse(join(path, 'smolvm'), constants.X_OK));
}

async function hasHypervisor(): Promise<boolean> {
  if (process.platform !== 'darwin') return mayUse('/dev/kvm', constants.R_OK | constants.W_OK);
  const { stdout } = await promisify(execFile)('sysctl', ['-n', 'kern.hv_support']);
  return stdout.trim() === '1';
}

function mayUse(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
