/** A step's log as the runner makes it: commands taken out and obeyed, secrets masked, annotations kept. */
import { createSecretMask, type SecretMask } from './secret-mask.ts';
import { parseCommand, REGISTERED_COMMANDS, type WorkflowCommand } from './workflow-command.ts';

export type Stage = 'main' | 'post';

export type LoggedCommand = WorkflowCommand & { readonly stage: Stage; readonly line: string };

export type Annotation = {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly stage: Stage;
};

export type StepLog = {
  readonly mask: SecretMask;
  /** Masked, as a reader of the log sees it: `##[group]Title`, `##[error]message`, plain text. */
  readonly lines: readonly string[];
  /** As printed, unmasked, both streams in the order they came. */
  readonly rawLines: readonly string[];
  /** Every line that the runner took as a command while commands were not stopped. */
  readonly commands: readonly LoggedCommand[];
  /** At most ten of each level and stage, cut at 4096 characters. */
  readonly annotations: readonly Annotation[];
  /** Commands that the runner refused, which fails the step. */
  readonly refusals: readonly { readonly stage: Stage; readonly reason: string }[];
  /** A line of the runner's own. */
  write(line: string): void;
  annotate(annotation: Annotation): void;
  /** Takes the output of one process. stdout and stderr are split into lines apart from each other. */
  openStage(stage: Stage): { readonly stdout: LineSink; readonly stderr: LineSink };
};

export type LineSink = { write(chunk: Uint8Array): void; end(): void };

export type StepLogOptions = {
  readonly secrets?: readonly string[];
  /** Each masked line as it comes. */
  readonly onLine?: (line: string, stage: Stage) => void;
  /** Shows `::debug::` lines. */
  readonly debug?: boolean;
};

const ANNOTATIONS_KEPT = 10;
const MESSAGE_KEPT = 4096;

export function createStepLog(options: StepLogOptions = {}): StepLog {
  const mask = createSecretMask(options.secrets);
  const lines: string[] = [];
  const rawLines: string[] = [];
  const commands: LoggedCommand[] = [];
  const annotations: Annotation[] = [];
  const refusals: StepLog['refusals'][number][] = [];
  let current: Stage = 'main';

  const write = (text: string) => {
    for (const line of mask.apply(text).split('\n')) {
      lines.push(line);
      options.onLine?.(line, current);
    }
  };
  const annotate = (annotation: Annotation) => {
    const message = mask.apply(annotation.message).slice(0, MESSAGE_KEPT);
    const alike = annotations.filter(
      (other) => other.level === annotation.level && other.stage === annotation.stage,
    );
    if (alike.length < ANNOTATIONS_KEPT) annotations.push({ ...annotation, message });
    write(`##[${annotation.level}]${message}`);
  };
  const obey = (command: LoggedCommand) => {
    commands.push(command);
    const refusal = act(command, { mask, write, annotate, debug: options.debug ?? false });
    if (refusal === undefined) return true;
    refusals.push({ stage: command.stage, reason: refusal });
    annotate({ level: 'error', message: refusal, properties: {}, stage: command.stage });
    return false;
  };

  return {
    mask,
    lines,
    rawLines,
    commands,
    annotations,
    refusals,
    write,
    annotate,
    openStage(stage) {
      current = stage;
      const take = createCommandFilter(stage, obey, write);
      const sink = () =>
        splitLines((line) => {
          rawLines.push(line);
          take(line);
        });
      return { stdout: sink(), stderr: sink() };
    },
  };
}

/**
 * Sorts lines into commands and text. Both streams of a process share what `stop-commands` stopped.
 * `obey` is false for a command that the runner refuses.
 */
function createCommandFilter(
  stage: Stage,
  obey: (command: LoggedCommand) => boolean,
  write: (line: string) => void,
): (line: string) => void {
  const known = new Set<string>(REGISTERED_COMMANDS);
  let resumeToken: string | undefined;
  return (line) => {
    const command = parseCommand(line, known);
    if (command === undefined) return write(line);
    const name = command.name.toLowerCase();
    if (resumeToken !== undefined) {
      write(line);
      if (name !== resumeToken) return;
      known.delete(resumeToken);
      resumeToken = undefined;
    } else if (obey({ ...command, stage, line }) && name === 'stop-commands') {
      resumeToken = command.data.toLowerCase();
      known.add(resumeToken);
    }
  };
}

const NO_STOP_TOKENS: readonly string[] = ['', 'pause-logging', ...REGISTERED_COMMANDS];

type Actors = Pick<StepLog, 'mask' | 'write' | 'annotate'> & { readonly debug: boolean };

/** Does what the command says; the returned text is why the runner would not. */
function act(command: LoggedCommand, log: Actors): string | undefined {
  const { name, properties, data, stage } = command;
  switch (name.toLowerCase()) {
    case 'error':
    case 'warning':
    case 'notice': {
      const level = name.toLowerCase() as Annotation['level'];
      log.annotate({ level, message: data, properties, stage });
      return undefined;
    }
    case 'group':
      log.write(`##[group]${data}`);
      return undefined;
    case 'endgroup':
      log.write('##[endgroup]');
      return undefined;
    case 'debug':
      if (log.debug) log.write(`##[debug]${data}`);
      return undefined;
    case 'add-mask':
      if (data.trim() === '') {
        const message = "Can't add secret mask for empty string in ##[add-mask] command.";
        log.annotate({ level: 'warning', message, properties: {}, stage });
      } else log.mask.add(data);
      return undefined;
    case 'stop-commands':
      if (NO_STOP_TOKENS.includes(data.toLowerCase())) return `'${data}' cannot stop commands`;
      if (data.length > 6) log.mask.add(data);
      log.write(command.line);
      return undefined;
    case 'set-env':
    case 'add-path':
      return `Unable to process command '${command.line}': it is disabled`;
    default:
      return undefined;
  }
}

/** Ends a line at CR, LF or CRLF, as the runner's reader does; a line without an end counts at `end`. */
function splitLines(take: (line: string) => void): LineSink {
  const decoder = new TextDecoder();
  let rest = '';
  const drain = (final: boolean) => {
    // A CR that came last waits: an LF may follow.
    const parts = rest.split(final ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    parts.forEach(take);
  };
  return {
    write(chunk) {
      rest += decoder.decode(chunk, { stream: true });
      drain(false);
    },
    end() {
      rest += decoder.decode();
      drain(true);
      if (rest !== '') take(rest);
      rest = '';
    },
  };
}
