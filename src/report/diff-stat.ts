/** Lines added and removed per file, counted from a git patch that a guest may have written. */

/** `path` as it is after the change; the counts are null where git shows no lines. */
export type FileStat = {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
};

type Draft = { path: string; added: number | null; removed: number | null };

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Never throws. The hunk's own counts tell its lines from headers, never how a line looks. */
export function diffStat(patch: string): readonly FileStat[] {
  const files: Draft[] = [];
  let file: Draft | undefined;
  let oldLeft = 0;
  let newLeft = 0;
  for (const line of patch.split('\n')) {
    if (file && (oldLeft > 0 || newLeft > 0) && /^[ +\-\\]|^$/.test(line)) {
      if (line.startsWith('+')) file.added = (file.added ?? 0) + 1;
      if (line.startsWith('-')) file.removed = (file.removed ?? 0) + 1;
      if (!/^[+\\]/.test(line)) oldLeft--;
      if (!/^[-\\]/.test(line)) newLeft--;
      continue;
    }
    const hunk = HUNK.exec(line);
    if (file && hunk) {
      oldLeft = Number(hunk[1] ?? 1);
      newLeft = Number(hunk[2] ?? 1);
    } else if (line.startsWith('diff --git ')) {
      file = { path: pathOfHeader(line), added: 0, removed: 0 };
      files.push(file);
      oldLeft = newLeft = 0;
    } else if (file) {
      readHeader(file, line);
    }
  }
  return files;
}

function readHeader(file: Draft, line: string): void {
  if (line === 'GIT binary patch' || line.startsWith('Binary files ')) {
    file.added = file.removed = null;
  } else if (line.startsWith('rename to ') || line.startsWith('copy to ')) {
    file.path = unquote(line.slice(line.indexOf(' to ') + 4));
  } else if (/^(?:---|\+\+\+) "?[ab]\//.test(line)) {
    file.path = unquote(line.slice(4).replace(/\t$/, '')).slice(2);
  }
}

/** `diff --git a/X b/X` names the file twice where no other header names it. */
function pathOfHeader(line: string): string {
  const names = line.slice('diff --git '.length);
  return unquote(names.slice((names.length + 1) / 2)).replace(/^b\//, '');
}

/** Undoes git's C quoting: `"a\tb\303\244"`. */
function unquote(name: string): string {
  if (!/^".*"$/.test(name)) return name;
  const letters: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r' };
  Object.assign(letters, { t: '\t', v: '\v' });
  const bytes = Buffer.from(name.slice(1, -1)).toString('latin1');
  const plain = bytes.replace(/\\([0-7]{3}|.)/g, (_, escaped: string) =>
    /^[0-7]{3}$/.test(escaped)
      ? String.fromCharCode(Number.parseInt(escaped, 8) & 0xff)
      : (letters[escaped] ?? escaped),
  );
  return Buffer.from(plain, 'latin1').toString();
}
