/** The files behind GITHUB_OUTPUT, _STATE, _ENV and _PATH, read by the runner's rules (FileCommandManager.cs). */

export type EnvFile = {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** What was wrong, which fails the step. The pairs before it count all the same. */
  readonly error?: string;
};

/** Reads `NAME=value` lines and `NAME<<DELIMITER` blocks. Only LF ends a line. */
export function parseEnvFile(text: string): EnvFile {
  const pairs: [string, string][] = [];
  let index = 0;
  while (index < text.length) {
    const line = readLine(text, index);
    index = line.next;
    if (line.text === '') continue;
    const equals = line.text.indexOf('=');
    const heredoc = line.text.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs.push([line.text.slice(0, equals), line.text.slice(equals + 1)]);
    } else if (heredoc >= 0) {
      const block = readBlock(text, index, line.text, heredoc);
      if ('error' in block) return { pairs, error: block.error };
      pairs.push([line.text.slice(0, heredoc), block.value]);
      index = block.next;
    } else {
      return { pairs, error: `Invalid format '${line.text}'` };
    }
  }
  return { pairs };
}

/** One directory a line; any line break ends it. */
export function parsePathFile(text: string): string[] {
  return text.split(/\r\n|\n|\r/).filter((line) => line !== '');
}

type Line = { readonly text: string; readonly next: number; readonly ended: boolean };

function readLine(text: string, from: number): Line {
  const end = text.indexOf('\n', from);
  if (end < 0) return { text: text.slice(from), next: text.length, ended: false };
  return { text: text.slice(from, end), next: end + 1, ended: true };
}

function readBlock(
  text: string,
  from: number,
  head: string,
  heredoc: number,
): { value: string; next: number } | { error: string } {
  const delimiter = head.slice(heredoc + 2);
  if (heredoc === 0 || delimiter === '') {
    return {
      error: `Invalid format '${head}'. Name must not be empty and delimiter must not be empty`,
    };
  }
  let end = from;
  let index = from;
  while (index < text.length) {
    const line = readLine(text, index);
    if (line.text === delimiter) return { value: text.slice(from, end), next: line.next };
    if (!line.ended) return { error: 'Invalid value. EOF marker missing new line.' };
    end = line.next - 1;
    index = line.next;
  }
  return { error: `Invalid value. Matching delimiter not found '${delimiter}'` };
}
