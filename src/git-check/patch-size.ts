/** Measures the whole change as a patch, and stops where it is over the limit. */

import { CheckStop } from './finding.ts';
import { askGit } from './git-output.ts';
import type { Inspection } from './inspection.ts';
import { emptyTreeOf } from './tree-difference.ts';

/** The longest that may stand before `Binary files`: two quoted paths and two ids. */
const MAX_HEADER = 65_536;
const BINARY = /\nindex [0-9a-f]+\.\.([0-9a-f]+)[^\n]*\nBinary files /g;

/** The longest of the patches counts; a binary file counts with its size. */
export async function checkPatchSize(inspection: Inspection): Promise<void> {
  const { git, spans, policy, objects } = inspection;
  const { maxPatchBytes } = policy;
  for (const { from, tip } of spans) {
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
      if (bytes > maxPatchBytes) throw tooLarge(maxPatchBytes);
    };
    const args = ['diff-tree', '-p', '-r', '--no-renames', '--full-index', '--no-ext-diff'];
    const options = ['--no-textconv', '--no-color', '--submodule=short'];
    await askGit(git, [...args, ...options, from || emptyTreeOf(tip), tip], { onStdout });
  }
}

function tooLarge(most: number): CheckStop {
  return new CheckStop({ rule: 'patch-size', detail: `The patch has more than ${most} bytes` });
}
