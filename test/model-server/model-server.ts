/** A loopback server that speaks a model vendor's API by a script and keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { anthropic } from './anthropic.ts';
import { gemini } from './gemini.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';
import {
  type Credential,
  carriesCredential,
  type ModelServerRequest,
  recordRequest,
} from './request-record.ts';
import {
  loadScenario,
  type ScenarioSource,
  type ScriptedAnswer,
  type ScriptedPart,
  type ScriptedRefusal,
} from './scenario.ts';
import { type Pieces, sendPieces } from './send.ts';
import { shellCall } from './shell-tool.ts';
import type { ModelRequest, Part, VendorApi } from './vendor-api.ts';

const APIS = {
  anthropic,
  gemini,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
} as const satisfies Record<string, VendorApi>;

export type ModelServerApi = keyof typeof APIS;

export type ModelServerSettings = {
  readonly api: ModelServerApi;
  /** A name of `scenarios/NAME.json`, or the scenario itself. */
  readonly scenario: string | ScenarioSource;
  /** PEM; plain http without. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Who does not bring it is answered 401 and takes no turn. */
  readonly credential?: Credential;
  /** All of a turn's answer is on its way; counts from 1. */
  readonly onAnswered?: (turn: number) => void;
};

export type ModelServer = {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  readonly requests: readonly ModelServerRequest[];
  /** How many turns were taken. */
  turns(): number;
  /** What the scenario did not foresee: requests it had no turn for, tools that were not offered. */
  readonly surprises: readonly string[];
  close(): Promise<void>;
};

export async function startModelServer(settings: ModelServerSettings): Promise<ModelServer> {
  const requests: ModelServerRequest[] = [];
  const { answer, turns, surprises } = playScenario(settings);
  const listener: Parameters<typeof createServer>[1] = async (incoming, response) => {
    // Who hangs up in the middle of a request or an answer does the server no harm.
    response.on('error', () => undefined);
    try {
      const request = await recordRequest(incoming);
      requests.push(request);
      await answer(request, response);
    } catch (error) {
      if (!incoming.destroyed) surprises.push(String(error));
      if (response.headersSent) response.destroy();
      else sendJson(response, 400, { error: { message: String(error) } });
    }
  };
  const { tls } = settings;
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    turns,
    surprises,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function playScenario({ api: name, scenario: source, ...settings }: ModelServerSettings) {
  const api = APIS[name];
  const { credential, onAnswered } = settings;
  const scenario = loadScenario(source);
  const surprises: string[] = [];
  let taken = 0;
  let replies = 0;

  const refuse = (response: ServerResponse, refusal: ScriptedRefusal) => {
    const retry = refusal.retryAfterSeconds;
    sendJson(response, refusal.status, api.refusal(refusal), {
      ...(retry !== undefined && { 'retry-after': String(retry) }),
    });
  };
  const answer = async (request: ModelServerRequest, response: ServerResponse) => {
    const { method, path, query, body } = request;
    if (credential !== undefined && !carriesCredential(request, credential)) {
      return refuse(response, { status: 401 });
    }
    const other = api.answerElse(method, path);
    if (other !== undefined) return sendJson(response, 200, other);
    const asked = api.read(method, path, query, body);
    if (asked === undefined) return refuse(response, { status: 404 });
    replies++;
    if (scenario.aside !== undefined && asked.tools.length === 0) {
      return sendAnswer(response, api, asked, scenario.aside, replies);
    }
    const turn =
      scenario.turns[taken] ?? (scenario.repeatsLast ? scenario.turns.at(-1) : undefined);
    taken++;
    if (turn === undefined) {
      surprises.push(`${method} ${path}: the scenario has no turn ${taken}.`);
      return refuse(response, { status: 400, message: 'The scenario is over.' });
    }
    if ('status' in turn) return refuse(response, turn);
    const number = taken;
    await sendAnswer(response, api, asked, turn, replies);
    onAnswered?.(number);
  };
  return { answer, turns: () => taken, surprises };
}

async function sendAnswer(
  response: ServerResponse,
  api: VendorApi,
  asked: ModelRequest,
  turn: ScriptedAnswer,
  number: number,
): Promise<void> {
  const parts = turn.say.map((part) => partFor(part, asked));
  const reply = { number, model: asked.model, parts, usage: turn.usage, stop: turn.stop };
  const pieces: Pieces = asked.isStream
    ? {
        pieces: api.stream(reply, asked),
        filler: api.filler,
        garbage: 'data: {"type": not json\n\nno field at all\n\ndata\n: ping\n\n',
      }
    : { pieces: halves(JSON.stringify(api.plain(reply))), filler: ' '.repeat(4096), garbage: '}{' };
  response.statusCode = 200;
  response.setHeader('content-type', asked.isStream ? 'text/event-stream' : 'application/json');
  if (turn.coding !== 'identity') response.setHeader('content-encoding', turn.coding);
  await sendPieces(response, pieces, turn.coding, turn.fault);
}

function partFor(part: ScriptedPart, { tools }: ModelRequest): Part {
  if ('text' in part) return { kind: 'text', text: part.text.repeat(part.repeat ?? 1) };
  if ('shell' in part) return shellCall(part.shell, tools);
  return { kind: 'tool', name: part.tool, input: part.input };
}

function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
