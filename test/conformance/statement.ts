/**
 * The numbered statements of smolvm's contract as tests, on the program that SMOLVM_BIN names or on
 * the double.
 */
import { accessSync, constants } from 'node:fs';
import { type TestContext, test } from 'vitest';
import { whyNoDouble } from '../smolvm-double/double.ts';
import { onDouble, pack } from './smolvm.ts';

/** What a statement cannot be observed without. */
export type Need =
  /** Machines that run. */
  | 'machine'
  /** An image that boots. */
  | 'pack'
  /** The double's own means: a registry's stand-in, faults on demand. */
  | 'double'
  | 'internet'
  | 'linux';

/** Why `need` cannot be met here; empty when it can. */
function whyNot(need: Need): string {
  switch (need) {
    case 'machine':
      if (onDouble) return whyNoDouble();
      return process.platform === 'linux' ? whyNoKvm() : '';
    case 'pack':
      return whyNot('machine') || (pack() === '' ? 'needs SMOLVM_PACK, an image that boots' : '');
    case 'double':
      return onDouble ? whyNoDouble() : 'needs a registry, or faults that only the double can have';
    case 'internet':
      return onDouble
        ? 'needs a hypervisor and the internet: the double has no network'
        : 'needs the internet and is checked by hand';
    case 'linux':
      return process.platform === 'linux' ? '' : 'is about Linux';
  }
}

function whyNoKvm(): string {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return '';
  } catch {
    return 'needs a hypervisor: /dev/kvm cannot be opened';
  }
}

/**
 * One statement, by its number in the contract; not run, and the reason told, when a need is not
 * met.
 */
export function statement(
  number: number,
  text: string,
  needs: readonly Need[],
  check?: (context: TestContext) => Promise<void>,
): void {
  const obstacle = needs.map(whyNot).find((reason) => reason !== '');
  test(`${number}. ${text}`, { timeout: 120_000 }, async (context) => {
    if (obstacle !== undefined) return context.skip(obstacle);
    await check?.(context);
  });
}

/** For what several statements of a file share. */
export function canRun(need: Need): boolean {
  return whyNot(need) === '';
}
