/**
 * Command lines as smolvm's parser (clap) reads them: options, usage errors (exit 2), help pages.
 */

export type Option = {
  readonly long: string;
  readonly short?: string;
  readonly kind: 'flag' | 'value' | 'list';
  readonly required?: true;
  /** Options that exclude this one. */
  readonly conflicts?: readonly string[];
};

export type Command = {
  readonly name: string;
  readonly options: readonly Option[];
  /** How many words beside options; `rest`: everything after the first word or `--`. */
  readonly operands: 0 | 1 | 2 | 'rest';
  run(args: Args): Promise<number> | number;
};

export type Args = {
  has(long: string): boolean;
  /** The value of an option, or undefined. */
  get(long: string): string | undefined;
  list(long: string): readonly string[];
  readonly operands: readonly string[];
  /** There was a `--`. */
  readonly separated: boolean;
};

/** Exit 2, `error: …`: what clap says of a command line that it cannot read. */
export class UsageError extends Error {}

/** Exit 1, `Error: …`: what smolvm says when it cannot do what was asked. */
export class SmolvmError extends Error {}

export const flag = (long: string, short?: string): Option => option(long, 'flag', short);
export const value = (long: string, short?: string): Option => option(long, 'value', short);
export const list = (long: string, short?: string): Option => option(long, 'list', short);

function option(long: string, kind: Option['kind'], short?: string): Option {
  return { long, kind, ...(short === undefined ? {} : { short }) };
}

export function parseArgs(command: Command, argv: readonly string[]): Args {
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  let separated = false;
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      separated = true;
      operands.push(...words.splice(0));
    } else if (word.startsWith('-') && word !== '-') {
      takeOption(command, word, words, values);
    } else {
      operands.push(word);
      if (command.operands === 'rest') operands.push(...words.splice(0));
    }
  }
  checkArgs(command, values, operands);
  return {
    has: (long) => values.has(long),
    get: (long) => values.get(long)?.at(-1),
    list: (long) => values.get(long) ?? [],
    operands,
    separated,
  };
}

function takeOption(
  command: Command,
  word: string,
  rest: string[],
  values: Map<string, string[]>,
): void {
  const [, dashes, name, inline] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const found = command.options.find(({ long, short }) =>
    dashes === '--' ? long === name : short === name,
  );
  if (found === undefined) throw new UsageError(`unexpected argument '${word}' found`);
  const given = values.get(found.long) ?? [];
  if (found.kind !== 'list' && given.length > 0) {
    throw new UsageError(`the argument '--${found.long}' cannot be used multiple times`);
  }
  const text = found.kind === 'flag' ? '' : (inline ?? rest.shift());
  if (text === undefined) {
    throw new UsageError(`a value is required for '--${found.long}' but none was supplied`);
  }
  values.set(found.long, [...given, text]);
}

function checkArgs(
  command: Command,
  values: ReadonlyMap<string, string[]>,
  operands: readonly string[],
): void {
  for (const { long, required, conflicts = [] } of command.options) {
    if (required && !values.has(long)) {
      throw new UsageError(`the following required arguments were not provided:\n  --${long}`);
    }
    const other = values.has(long) ? conflicts.find((name) => values.has(name)) : undefined;
    if (other !== undefined) {
      throw new UsageError(`the argument '--${long}' cannot be used with '--${other}'`);
    }
  }
  if (command.operands !== 'rest' && operands.length > command.operands) {
    throw new UsageError(`unexpected argument '${operands[command.operands]}' found`);
  }
}

/** A number option, or its default; clap refuses what is not one. */
export function numberOf(args: Args, long: string, fallback: number): number {
  const text = args.get(long);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`invalid value '${text}' for '--${long}': invalid digit found in string`);
  }
  return Number(text);
}

export function helpText(command: Command): string {
  const lines = command.options.map(({ long, short, kind }) => {
    const placeholder = kind === 'flag' ? '' : ` <${long.toUpperCase().replaceAll('-', '_')}>`;
    return `  ${short === undefined ? '   ' : `-${short},`} --${long}${placeholder}`;
  });
  return `Usage: smolvm ${command.name} [OPTIONS]\n\nOptions:\n${lines.join('\n')}\n`;
}
