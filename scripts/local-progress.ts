/** The log of a running step for a person at a terminal. */

type Marked = { readonly mark: string; readonly text: string };

const COLOURS: Readonly<Record<string, string>> = {
  error: '\x1b[31m',
  warning: '\x1b[33m',
  notice: '\x1b[36m',
  debug: '\x1b[2m',
  group: '\x1b[1m',
};
const RESET = '\x1b[0m';

/** Takes lines as the runner logs them; what only a runner reads is not shown. */
export function createProgress(terminal: {
  print(line: string): void;
  readonly colour: boolean;
}): (line: string) => void {
  let indent = '';
  return (line) => {
    const marked = readMark(line);
    if (marked === undefined) {
      // Tokens that stop and resume commands.
      if (!/^::(stop-commands::)?\*\*\*(::)?$/.test(line))
        terminal.print((indent + line).trimEnd());
      return;
    }
    if (marked.mark === 'endgroup') {
      indent = '';
      return;
    }
    const text = marked.mark === 'group' ? marked.text : `${marked.mark}: ${marked.text}`;
    const colour = COLOURS[marked.mark];
    const shown = terminal.colour && colour ? colour + text + RESET : text;
    terminal.print(marked.mark === 'group' ? shown : indent + shown);
    if (marked.mark === 'group') indent = '  ';
  };
}

function readMark(line: string): Marked | undefined {
  const [, mark, text] = /^##\[(group|endgroup|error|warning|notice|debug)\](.*)$/.exec(line) ?? [];
  return mark === undefined ? undefined : { mark, text: text ?? '' };
}
