/** Measures the whole change as a patch, and stops where it is over the limit. */

import { CheckStop } from './finding.ts';
import { askGit } from './git-output.ts';
import type { Inspection } from './inspection.ts';
import { emptyTreeOf } from './tree-difference.ts';

/** The longest that may stand before `Binary files`: two quoted paths and two ids. */
const MAX_HEADER = 65_536;
const BINARY = /\nindex [0-9a-f]+\.\.([0-9a-f]+)[^\n]*\nBinary files /g;

/**
 * A binary file counts with its size. Of what is merged only what no parent has is new, so the
 * smallest patch counts where there are several to compare with.
 */
export async function checkPatchSize(inspection: Inspection): Promise<void> {
  const { spans, policy } = inspection;
  for (const { tip, from, merged } of spans) {
    let fits = false;
    for (const old of [from || emptyTreeOf(tip), ...merged])
      fits ||= await isWithin(inspection, old, tip);
    const detail = `The patch has more than ${policy.maxPatchBytes} bytes`;
    if (!fits) throw new CheckStop({ rule: 'patch-size', detail });
  }
}

async function isWithin(
  { git, policy, objects }: Inspection,
  old: string,
  tip: string,
): Promise<boolean> {
  const tooLarge = new CheckStop({ rule: 'patch-size', detail: '' });
  let bytes = 0;
  let tail = '';
  const onStdout = (chunk: Uint8Array) => {
    const text = tail + Buffer.from(chunk).toString('latin1');
    let seen = 0;
    for (const match of text.matchAll(BINARY)) {
      bytes += objects.get(match[1] ?? '')?.size ?? 0;
      seen = match.index + match[0].length;
    }
    tail = text.slice(Math.max(seen, text.length - MAX_HEADER));
    bytes += chunk.length;
    if (bytes > policy.maxPatchBytes) throw tooLarge;
  };
  const args = ['diff-tree', '-p', '-r', '--no-renames', '--full-index', '--no-ext-diff'];
  const options = ['--no-textconv', '--no-color', '--submodule=short'];
  try {
    await askGit(git, [...args, ...options, old, tip], { onStdout });
    return true;
  } catch (error) {
    if (error === tooLarge) return false;
    throw error;
  }
}
