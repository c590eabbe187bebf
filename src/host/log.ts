/** The step's log: our own lines, and guest output between stop-commands lines. */
import { randomBytes } from 'node:crypto';
import type { GuestLog, Log, LogLocation } from './host.ts';
import { createLineSplitter, sanitise, sanitiseBytes } from './sanitise.ts';

type Annotation = { title?: string; file?: string; startLine?: number; startColumn?: number };

/** What prints the lines; `@actions/core` is one. */
export type LogSink = {
  info(message: string): void;
  debug(message: string): void;
  notice(message: string, annotation?: Annotation): void;
  warning(message: string, annotation?: Annotation): void;
  error(message: string, annotation?: Annotation): void;
  startGroup(title: string): void;
  endGroup(): void;
  /** Text as it is, to the same stream as all others. */
  write(text: string): unknown;
};

export type StepLog = Log & {
  /**
   * Runs something that prints workflow commands, such as `setSecret`. While guest output is open
   * the runner takes no commands and would print them instead, a secret included.
   */
  withCommands<T>(action: () => T): T;
};

/** Bytes of one printed line; a longer one goes on in the next line. */
const LINE_LIMIT = 4096;
/** Characters gathered before they are printed. */
const BATCH = 64 << 10;

export function createLog(core: LogSink): StepLog {
  let openGuestLogs = 0;
  let token = '';

  function stopCommands(): void {
    token = randomBytes(16).toString('hex');
    core.write(`::stop-commands::${token}\n`);
  }

  function resumeCommands(): void {
    // The runner sees the token at the start of a line only.
    core.write(`\n::${token}::\n`);
  }

  function withCommands<T>(action: () => T): T {
    if (openGuestLogs === 0) return action();
    resumeCommands();
    try {
      return action();
    } finally {
      stopCommands();
    }
  }

  return {
    withCommands,
    info: (message) => core.info(block(message)),
    debug: (message) => withCommands(() => core.debug(block(message))),
    notice: (message, at) => withCommands(() => core.notice(block(message), annotation(at))),
    warning: (message, at) => withCommands(() => core.warning(block(message), annotation(at))),
    error: (message, at) => withCommands(() => core.error(block(message), annotation(at))),
    startGroup: (title) => withCommands(() => core.startGroup(oneLine(title))),
    endGroup: () => withCommands(() => core.endGroup()),
    openGuestLog(source) {
      if (openGuestLogs++ === 0) stopCommands();
      return createGuestLog(source, core, () => {
        if (--openGuestLogs === 0) resumeCommands();
      });
    },
  };
}

function createGuestLog(source: string, core: LogSink, onEnd: () => void): GuestLog {
  const prefix = `${oneLine(source)} | `;
  const splitter = createLineSplitter(LINE_LIMIT);
  let ended = false;

  function print(lines: Iterable<Buffer>): void {
    let text = '';
    for (const bytes of lines) {
      for (const line of sanitiseBytes(bytes)) text += `${prefix}${line}\n`;
      if (text.length < BATCH) continue;
      core.write(text);
      text = '';
    }
    if (text !== '') core.write(text);
  }

  return {
    write: (chunk) => print(splitter.push(chunk)),
    end() {
      if (ended) return;
      ended = true;
      const rest = splitter.rest();
      if (rest !== undefined) print([rest]);
      onEnd();
    },
  };
}

function block(message: string): string {
  return sanitise(message).join('\n');
}

function oneLine(text: string): string {
  return sanitise(text).join(' ');
}

function annotation(location: LogLocation = {}): Annotation {
  return {
    ...(location.title !== undefined && { title: oneLine(location.title) }),
    ...(location.file !== undefined && { file: oneLine(location.file) }),
    ...(location.line !== undefined && { startLine: location.line }),
    ...(location.column !== undefined && { startColumn: location.column }),
  };
}
