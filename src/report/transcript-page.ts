/** What the agent said and did, for reading: `transcript.md`, made from `transcript.jsonl`. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { AgentEvent } from '../agent/event.ts';
import { messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { code, fenced } from './guest-text.ts';

export const TRANSCRIPT_PAGE = 'transcript.md';

/** More than anybody reads; the events themselves are whole. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_BLOCK_BYTES = 16 * 1024;
const REST = 'The rest is in `transcript.jsonl`.';

/**
 * The page beside `events`, which has one event a line. Nothing when there are none, and with a
 * warning when it could not be written: all that it shows is kept anyway.
 */
export async function keepTranscriptPage(
  host: Pick<Host, 'log'>,
  files: readonly HostPath[],
  events: HostPath,
): Promise<readonly HostPath[]> {
  if (!files.includes(events)) return [];
  const page = join(dirname(events), TRANSCRIPT_PAGE);
  try {
    await writePage(events, page);
    return [page];
  } catch (error) {
    host.log.warning(`The readable transcript was not written: ${messageOf(error)}`);
    return [];
  }
}

async function writePage(events: HostPath, page: HostPath): Promise<void> {
  const input = createReadStream(events, 'utf8');
  const file = await open(page, 'wx', 0o600);
  try {
    let left = MAX_PAGE_BYTES;
    for await (const part of partsOf(input)) {
      const bytes = Buffer.from(`${part}\n\n`);
      left -= bytes.length;
      if (left < 0) return await file.writeFile(`Cut here. ${REST}\n`);
      await file.writeFile(bytes);
    }
  } finally {
    input.destroy();
    await file.close();
  }
}

/** Texts that follow each other are one. */
async function* partsOf(input: Readable): AsyncGenerator<string> {
  yield '# Transcript';
  let turn = 0;
  let texts = '';
  for await (const line of linesOf(input)) {
    const event = JSON.parse(line) as AgentEvent;
    const isNewTurn = event.turn > turn;
    if (texts !== '' && (event.type !== 'text' || isNewTurn || texts.length > MAX_BLOCK_BYTES)) {
      yield block(texts);
      texts = '';
    }
    if (isNewTurn) {
      turn = event.turn;
      yield `## Turn ${turn}`;
    }
    if (event.type === 'text') texts += texts === '' ? event.text : `\n${event.text}`;
    else yield* describe(event);
  }
  if (texts !== '') yield block(texts);
}

/** Node's own reader would break a line at U+2028, which JSON has as it is. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function* describe(event: Exclude<AgentEvent, { type: 'text' }>): Generator<string> {
  switch (event.type) {
    case 'started': {
      const { model, version, session } = event;
      const facts = [model && `model ${code(model)}`, version && `version ${code(version)}`];
      facts.push(session && `session ${code(session)}`);
      return yield `Started${facts
        .filter(Boolean)
        .map((fact) => `, ${fact}`)
        .join('')}.`;
    }
    case 'tool-call':
      yield `**Tool** ${code(event.name)}`;
      return yield* callBlocks(event.input);
    case 'tool-result':
      yield event.ok ? '**Its result**' : '**It failed**';
      return yield block(event.output);
    case 'usage': {
      const { input, cacheRead, cacheWrite, output } = event;
      return yield `Tokens: ${input} in, ${cacheRead + cacheWrite} cached, ${output} out.`;
    }
    case 'permission-denied':
      return yield `**Refused:** ${code(event.tool)}`;
    case 'error': {
      const facts = [event.reason, event.status].filter((fact) => fact !== undefined).join(' ');
      yield facts === '' ? '**Error**' : `**Error** (${facts})`;
      return yield block(event.message);
    }
    case 'finished':
      yield `**${event.ok ? 'Finished' : 'Gave up'}** after ${event.turns} turns.`;
      if (event.result !== '') yield block(event.result);
  }
}

/** One text, such as a command, as it is; all else as JSON. */
function* callBlocks(input: unknown): Generator<string> {
  const isObject = typeof input === 'object' && input !== null;
  const values = isObject ? Object.values(input) : [input];
  const [only] = values;
  if (values.length === 1 && typeof only === 'string') return yield block(only);
  if (values.length > 0) yield block(JSON.stringify(input, null, 2) ?? '', 'json');
}

const block = (text: string, language = '') =>
  text.trim() === '' ? '(nothing)' : fenced(text, language, MAX_BLOCK_BYTES, REST);
