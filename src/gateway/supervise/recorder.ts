/** Hands on what the agent asks for, to where people read it after the run. */
import type { SuperviseRequest } from '../protocol.ts';

/** False: there were too many already, and it was not handed on. */
export type Recorder = (
  tool: SuperviseRequest['tool'],
  fields: Readonly<Record<string, string>>,
) => boolean;

const MAX_REQUESTS = 200;
const MAX_FIELD_LENGTH = 4096;

export function makeRecorder(send: (request: SuperviseRequest) => void): Recorder {
  let count = 0;
  return (tool, fields) => {
    if (count >= MAX_REQUESTS) return false;
    count += 1;
    const capped = Object.entries(fields).map(([name, text]) => [name, cap(text)]);
    const time = new Date().toISOString();
    send({ type: 'supervise', time, tool, fields: Object.fromEntries(capped) });
    return true;
  };
}

/** Half a character at the end would be none. */
function cap(text: string): string {
  return text.slice(0, MAX_FIELD_LENGTH).toWellFormed();
}
