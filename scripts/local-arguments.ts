/** The command line of `npm run local`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export type LocalRequest = {
  /** Absolute. */
  readonly directory: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; undefined for a run by hand. */
  readonly event: string | undefined;
  /** Absolute. */
  readonly out: string;
};

export const USAGE =
  'Usage: npm run local -- DIR [--engine ENGINE] [--input NAME=VALUE]… [--env NAME=VALUE]… [--event FILE] [--out DIR]';

/** The command line or a file that it names is wrong: one paragraph, no stack. */
export class UsageError extends Error {}

/** `inputNames`: those of the action. @throws UsageError */
export function parseArguments(
  argv: readonly string[],
  inputNames: readonly string[],
): LocalRequest | 'help' {
  const { values, positionals } = parseOptions(argv);
  if (values.help) return 'help';
  const [directory, ...more] = positionals;
  if (directory === undefined || more.length > 0) {
    throw new UsageError(`Give one directory to work on, not ${positionals.length}.`);
  }
  const inputs = toRecord('--input', values.input);
  for (const name of Object.keys(inputs)) {
    if (!inputNames.includes(name)) {
      throw new UsageError(`--input ${name}: the action's inputs are ${inputNames.join(', ')}.`);
    }
  }
  return {
    directory: resolve(directory),
    inputs: values.engine === undefined ? inputs : { ...inputs, engine: values.engine },
    env: { ...toRecord('--env', values.env) },
    event: values.event === undefined ? undefined : resolve(values.event),
    out: resolve(values.out),
  };
}

function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        engine: { type: 'string' },
        input: { type: 'string', multiple: true, default: [] },
        env: { type: 'string', multiple: true, default: [] },
        event: { type: 'string' },
        out: { type: 'string', default: 'out' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function toRecord(option: string, pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new UsageError(`${option} ${pair}: write it as NAME=VALUE.`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(entries);
}
