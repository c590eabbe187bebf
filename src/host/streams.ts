/** This process's own standard streams, for an entry that speaks a protocol over them. */

import { once } from 'node:events';

export type StandardStreams = {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Writes one line to stdout; false: whoever reads it is behind, so wait for `drained`. */
  writeLine(line: string): boolean;
  drained(): Promise<unknown>;
  /** Ends the process at once. */
  exit(code: number): never;
};

export function standardStreams(): StandardStreams {
  return {
    stdin: process.stdin,
    writeLine: (line) => process.stdout.write(`${line}\n`),
    drained: () => once(process.stdout, 'drain'),
    exit: (code) => process.exit(code),
  };
}
