/**
 * How the runner (2.336) reads a step's stdout: `StreamReader.ReadLine`,
 * `ActionCommand.TryParseV2`, `TryParse` and the stop-commands state of `ActionCommandManager`,
 * written anew from their rules.
 */
export type Command = { readonly name: string; readonly data: string };

const REGISTERED = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
];

/** What .NET's culture-sensitive search (ICU) treats as not there. */
const IGNORABLE = /(?![\t-\r\u0085])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** `char.IsWhiteSpace` at the start. */
const LEADING_SPACE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The lines as the runner reads them: at LF, CR and CRLF. */
export function readLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The command that a line is, by either syntax. `also`: names registered on the way. */
export function parseCommand(line: string, also: readonly string[] = []): Command | undefined {
  const seen = line.replace(IGNORABLE, '');
  const known = (name: string) =>
    [...REGISTERED, ...also].some((each) => each.toLowerCase() === name.toLowerCase());
  const trimmed = seen.replace(LEADING_SPACE, '');
  const end = trimmed.startsWith('::') ? trimmed.indexOf('::', 2) : -1;
  if (end >= 0) {
    const name = trimmed.slice(2, end).split(' ', 1)[0] ?? '';
    if (known(name)) return { name, data: unescapeData(trimmed.slice(end + 2)) };
  }
  const start = seen.indexOf('##[');
  const close = start < 0 ? -1 : seen.indexOf(']', start);
  if (close < 0) return undefined;
  const name = seen.slice(start + 3, close).split(' ', 1)[0] ?? '';
  return known(name) ? { name, data: seen.slice(close + 1) } : undefined;
}

function unescapeData(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

/** What the runner did with a step's output: commands it carried out, lines it printed. */
export function runStep(stdout: string): { commands: Command[]; printed: string[] } {
  const commands: Command[] = [];
  const printed: string[] = [];
  let token: string | undefined;
  for (const line of readLines(stdout)) {
    const command = parseCommand(line, token === undefined ? [] : [token]);
    if (token !== undefined) {
      const resumes = command?.name.toLowerCase() === token.toLowerCase();
      if (resumes) token = undefined;
      else printed.push(line);
    } else if (command === undefined) printed.push(line);
    else if (command.name === 'stop-commands') token = command.data;
    else commands.push(command);
  }
  if (token !== undefined) commands.push({ name: 'still-stopped', data: token });
  return { commands, printed };
}
