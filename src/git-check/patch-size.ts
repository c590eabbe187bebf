/** Measures the whole change as a patch, and stops where it is over the limit. */

import { CheckStop } from './finding.ts';
import { askGit } from './git-output.ts';
import type { Inspection } from './inspection.ts';

const EMPTY_TREE = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};
/** The longest that may stand before `Binary files`: two quoted paths and two ids. */
const MAX_HEADER = 65_536;
const BINARY = /\nindex [0-9a-f]+\.\.([0-9a-f]+)[^\n]*\nBinary files /g;

/** The longest of the tips' patches counts; a binary file counts with its size. */
export async function checkPatchSize(inspection: Inspection): Promise<void> {
  const { git, base, tips, policy, objects } = inspection;
  const { maxPatchBytes } = policy;
  for (const tip of tips) {
    const empty = tip.length === 64 ? EMPTY_TREE.sha256 : EMPTY_TREE.sha1;
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
    await askGit(git, [...args, ...options, base === '' ? empty : base, tip], { onStdout });
  }
}

function tooLarge(most: number): CheckStop {
  return new CheckStop({ rule: 'patch-size', detail: `The patch has more than ${most} bytes` });
}
