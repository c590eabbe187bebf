/** This process's own standard streams, for an entry that speaks a protocol over them. */

import { once } from 'node:events';

export type StandardStreams = {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Writes one line to stdout; false: whoever reads it is behind, so wait for `drained`. */
  writeLine(line: string): boolean;
  drained(): Promise<unknown>;
  /** Ends the process once all is out that was written, and soon even if nobody reads it. */
  exit(code: number): Promise<never>;
};

const LAST_WORDS_MS = 1_500;

/** A reader of stdout that is gone ends the process: nobody would learn what it does. */
export function standardStreams(): StandardStreams {
  process.stdout.on('error', () => endNow(1));
  return {
    stdin: process.stdin,
    writeLine: (line) => process.stdout.write(`${line}\n`),
    drained: () => once(process.stdout, 'drain'),
    exit: (code) =>
      new Promise(() => {
        process.stdout.write('', () => endNow(code));
        setTimeout(endNow, LAST_WORDS_MS, code);
      }),
  };
}

/** An ordinary end would wait for the lookups of names that nobody answers. */
function endNow(code: number): never {
  const isLookingUp = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap');
  if (isLookingUp) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}
