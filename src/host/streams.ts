/** This process's own standard streams, for an entry that speaks a protocol over them. */

export type StandardStreams = {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Writes one line to stdout. */
  writeLine(line: string): void;
  /** Ends the process at once. */
  exit(code: number): never;
};

export function standardStreams(): StandardStreams {
  return {
    stdin: process.stdin,
    writeLine: (line) => {
      process.stdout.write(`${line}\n`);
    },
    exit: (code) => process.exit(code),
  };
}
