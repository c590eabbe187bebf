/** Asks git and reads its answer as it comes; no answer, or too long a one, ends the check. */
import { CheckStop } from './finding.ts';
import { GitLimitError, type GitRunner, type GitRunOptions } from './git-runner.ts';

const MAX_RECORD = 64 * 1024;

/** Any but exit code 0 ends the check: what git cannot read cannot be judged. */
export async function askGit(
  git: GitRunner,
  args: readonly string[],
  options: GitRunOptions,
): Promise<Buffer> {
  try {
    const { exitCode, stdout } = await git(args, options);
    if (exitCode === 0) return stdout;
    throw unreadable(`git ${args[0]} cannot read the commits: it ended with exit code ${exitCode}`);
  } catch (error) {
    if (error instanceof GitLimitError) throw unreadable(error.message);
    throw error;
  }
}

export function unreadable(detail: string): CheckStop {
  return new CheckStop({ rule: 'fsck', detail });
}

/** Cuts a stream into what stands before each `separator`; valid until the next call only. */
export function splitRecords(
  separator: number,
  onRecord: (record: Buffer) => void,
): (chunk: Uint8Array) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
    let start = 0;
    for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, start)) {
      onRecord(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_RECORD)
      throw unreadable('A name or a list of parents is too long to be looked at');
  };
}

export const linesOf = (texts: readonly string[]) =>
  Buffer.from(texts.map((text) => `${text}\n`).join(''));
