/** Listens to one answer of a model and says at its end how many tokens it took. */
import { type Pairs, valuesOf } from '../header.ts';
import type { TokenCount } from '../protocol.ts';
import { decodeBeside } from './content-decoder.ts';
import { readEventStream } from './event-stream.ts';
import {
  countTokens,
  mergeUsageFields,
  NO_TOKENS,
  readUsageFields,
  saysInput,
  saysOutput,
  sumTokens,
  type UsageFields,
} from './token-count.ts';
import { scanUsage } from './usage-scanner.ts';

export type UsageTap = {
  /** The answer's body as it is on the wire, without chunk framing. Never throws, never delays. */
  push(chunk: Uint8Array): void;
  /** At the answer's end, also when it was cut. */
  end(): void;
};

/** `reckoned`: how many of the tokens no usage field named. */
export type AnswerUsage = { readonly tokens: TokenCount; readonly reckoned: number };

type Answer = {
  readonly path: string;
  readonly status: number;
  readonly headers: Pairs;
  readonly requestBytes: number;
};

/** What costs nothing: lists of models, and the vendors' ways to count tokens beforehand. */
const FREE = /\/models(\/[^/:]+)?$|\/count_tokens$|:countTokens$|\/input_tokens$/;

/** English has about four bytes a token; an answer's JSON around its text makes this a high guess. */
const BYTES_PER_TOKEN = 4;

/** `report` is called once, after `end`: at once, or when the rest of a coded answer is decoded. */
export function makeUsageTap(answer: Answer, report: (usage: AnswerUsage) => void): UsageTap {
  const listener = costs(answer) ? listenTo(answer, report) : silence(report);
  let isEnded = false;
  return {
    push(chunk) {
      if (!isEnded) listener.push(chunk);
    },
    end() {
      if (!isEnded) listener.end();
      isEnded = true;
    },
  };
}

function costs({ status, path }: Answer): boolean {
  return status >= 200 && status < 300 && !FREE.test(path);
}

function silence(report: (usage: AnswerUsage) => void): UsageTap {
  return { push: () => undefined, end: () => report({ tokens: NO_TOKENS, reckoned: 0 }) };
}

function listenTo(answer: Answer, report: (usage: AnswerUsage) => void): UsageTap {
  const reader = makeUsageReader();
  let wireBytes = 0;
  const coding = valuesOf(answer.headers, 'content-encoding').join().trim().toLowerCase();
  const decoder = decodeBeside(coding, reader.push, () =>
    report(settle(reader.result(), answer.requestBytes, wireBytes)),
  );
  return {
    push(chunk) {
      wireBytes += chunk.length;
      decoder.push(chunk);
    },
    end: decoder.end,
  };
}

type Reading = {
  readonly fields: UsageFields;
  /** The vendor's last word on the output was heard. */
  readonly isComplete: boolean;
  readonly bytes: number;
};

/** JSON or an event stream, told by the first byte and not by what the header claims. */
function makeUsageReader() {
  let reading: Reading = { fields: {}, isComplete: false, bytes: 0 };
  const scanner = scanUsage((path, value) => {
    const found = readUsageFields(value);
    const fields = mergeUsageFields(reading.fields, found);
    reading = { ...reading, fields, isComplete: reading.isComplete || isLastWord(path, found) };
  });
  let push: ((chunk: Uint8Array) => void) | undefined;
  return {
    push(chunk: Uint8Array): void {
      reading = { ...reading, bytes: reading.bytes + chunk.length };
      const first = chunk.find((byte) => byte > 0x20);
      if (push === undefined && first !== undefined) {
        const isJson = first === 0x7b || first === 0x5b;
        push = isJson ? scanner.push : readEventStream(scanner);
      }
      push?.(chunk);
    },
    result: () => reading,
  };
}

/**
 * Anthropic's `message_start` names the input and a first handful of output; Gemini names its output
 * from the first chunk that has some. Every other usage closes its answer.
 */
function isLastWord(path: string, found: UsageFields): boolean {
  if (path === 'message.usage' || Object.keys(found).length === 0) return false;
  return path.endsWith('usage') || saysOutput(found);
}

function settle(reading: Reading, requestBytes: number, wireBytes: number): AnswerUsage {
  const said = countTokens(reading.fields);
  const answerBytes = Math.max(reading.bytes, wireBytes);
  const tokens = {
    ...said,
    input: saysInput(reading.fields) ? said.input : Math.ceil(requestBytes / BYTES_PER_TOKEN),
    output: reading.isComplete
      ? said.output
      : Math.max(said.output, Math.ceil(answerBytes / BYTES_PER_TOKEN)),
  };
  return { tokens, reckoned: sumTokens(tokens) - sumTokens(said) };
}
