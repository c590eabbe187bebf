/** The runner's own rules for what in a line is a command (ActionCommand.cs, ActionCommandManager.cs). */

export type WorkflowCommand = {
  /** As written; the runner compares it without regard to case. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
  /** `v2`: `::name::data`, first in the line. `v1`: `##[name]data`, anywhere in it. */
  readonly syntax: 'v1' | 'v2';
};

/** What the runner knows; anything else between the marks is text. */
export const REGISTERED_COMMANDS = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
] as const;

const V1_ESCAPES = { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']', '%25': '%' };
const DATA_ESCAPES = { '%0D': '\r', '%0A': '\n', '%25': '%' };
const PROPERTY_ESCAPES = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' };

/** White space as .NET and JavaScript trim it, taken together: what either skips is skipped. */
const LEADING_SPACE = /^[\s\u0085]+/u;

/** `known`: the names that count now, in lower case; a stop-commands token is one of them. */
export function parseCommand(
  line: string,
  known: ReadonlySet<string>,
): WorkflowCommand | undefined {
  return parseV2(line.replace(LEADING_SPACE, ''), known) ?? parseV1(line, known);
}

function parseV2(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  if (!line.startsWith('::')) return undefined;
  const end = line.indexOf('::', 2);
  if (end < 0) return undefined;
  const { name, rest } = splitName(line.slice(2, end));
  if (!known.has(name.toLowerCase())) return undefined;
  return {
    name,
    properties: parseProperties(rest.trim(), ',', PROPERTY_ESCAPES),
    data: decode(line.slice(end + 2), DATA_ESCAPES),
    syntax: 'v2',
  };
}

function parseV1(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  if (start < 0 || end < 0) return undefined;
  const { name, rest } = splitName(line.slice(start + 3, end));
  if (!known.has(name.toLowerCase())) return undefined;
  return {
    name,
    properties: parseProperties(rest, ';', V1_ESCAPES),
    data: decode(line.slice(end + 1), V1_ESCAPES),
    syntax: 'v1',
  };
}

function splitName(info: string): { name: string; rest: string } {
  const space = info.indexOf(' ');
  return space < 0
    ? { name: info, rest: '' }
    : { name: info.slice(0, space), rest: info.slice(space + 1) };
}

/** A property without a name or a value does not count. */
function parseProperties(
  text: string,
  separator: string,
  escapes: Readonly<Record<string, string>>,
): Record<string, string> {
  const pairs = text.split(separator).flatMap((part): [string, string][] => {
    const equals = part.indexOf('=');
    if (equals < 1 || equals === part.length - 1) return [];
    return [[part.slice(0, equals), decode(part.slice(equals + 1), escapes)]];
  });
  return Object.fromEntries(pairs);
}

/** One replacement after the other, `%25` last, as the runner does it. */
function decode(text: string, escapes: Readonly<Record<string, string>>): string {
  return Object.entries(escapes).reduce((done, [code, sign]) => done.replaceAll(code, sign), text);
}
