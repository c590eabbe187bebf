/** What a vendor's API must be able to say for the server to speak it. */
import type { ScriptedAnswer, ScriptedRefusal } from './scenario.ts';

/** A request for an answer of the model, read from the vendor's form. */
export type ModelRequest = {
  readonly model: string;
  readonly isStream: boolean;
  readonly tools: readonly OfferedTool[];
  /** Chat Completions streams usage to who asks for it. */
  readonly wantsUsage: boolean;
};

export type OfferedTool = { readonly name: string; readonly schema: unknown };

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'tool';
      readonly name: string;
      /** A string for a tool that takes free text (OpenAI's custom tools). */
      readonly input: Readonly<Record<string, unknown>> | string;
    };

export type Reply = {
  /** Counts up over the server's life; the vendors' ids are made of it. */
  readonly number: number;
  readonly model: string;
  readonly parts: readonly Part[];
  readonly usage: ScriptedAnswer['usage'];
  readonly stop: string | undefined;
};

export type VendorApi = {
  /** Undefined: the request is for something else. */
  read(method: string, path: string, query: string, body: unknown): ModelRequest | undefined;
  /** What else clients ask for beside answers: lists of models, counts of tokens. */
  answerElse(method: string, path: string): unknown | undefined;
  plain(reply: Reply): unknown;
  stream(reply: Reply, request: ModelRequest): readonly string[];
  /** An event of the stream that adds text, for streams that do not end. */
  filler: string;
  refusal(refusal: ScriptedRefusal): unknown;
};

export function event(data: unknown, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** The pieces in which a text is streamed: of about 24 characters, and never more than 500. */
export function deltasOf(text: string): string[] {
  const characters = [...text];
  const size = Math.max(24, Math.ceil(characters.length / 500));
  const count = Math.ceil(characters.length / size);
  return Array.from({ length: count }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  );
}

export function member(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null;
  return isObject ? (value as Record<string, unknown>)[key] : undefined;
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const list = member(value, key);
  return Array.isArray(list) ? list : [];
}

export function textAt(value: unknown, key: string): string {
  const text = member(value, key);
  return typeof text === 'string' ? text : '';
}
