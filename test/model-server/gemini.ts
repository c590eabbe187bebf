/** Gemini, as `POST /v1beta/models/MODEL:generateContent` and `:streamGenerateContent` answer. */
import type { ScriptedRefusal } from './scenario.ts';
import {
  deltasOf,
  event,
  listAt,
  member,
  type Part,
  type Reply,
  textAt,
  type VendorApi,
} from './vendor-api.ts';

const CALL = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

const STATUSES: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission.'],
  404: ['NOT_FOUND', 'models/the-model is not found.'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  500: ['INTERNAL', 'An internal error has occurred.'],
};

export const gemini: VendorApi = {
  read(method, path, query, body) {
    const [, model, verb] = CALL.exec(path) ?? [];
    if (method !== 'POST' || model === undefined) return undefined;
    const isStream = verb === 'streamGenerateContent';
    if (isStream && !new URLSearchParams(query).getAll('alt').includes('sse')) return undefined;
    return {
      model,
      isStream,
      tools: listAt(body, 'tools').flatMap((tool) =>
        listAt(tool, 'functionDeclarations').map((declared) => ({
          name: textAt(declared, 'name'),
          schema: member(declared, 'parametersJsonSchema') ?? member(declared, 'parameters'),
        })),
      ),
      wantsUsage: true,
    };
  },
  answerElse(method, path) {
    if (method === 'POST' && path.endsWith(':countTokens')) return { totalTokens: 100 };
    if (method === 'GET' && path === '/v1beta/models') return { models: [] };
    return undefined;
  },
  plain: (reply) => chunkOf(reply, reply.parts.map(partOf), true),
  stream(reply) {
    const chunks = reply.parts.flatMap((part) =>
      part.kind === 'text' ? deltasOf(part.text).map((text) => [{ text }]) : [[partOf(part)]],
    );
    const all = chunks.length > 0 ? chunks : [[]];
    return all.map((parts, at) => event(chunkOf(reply, parts, at === all.length - 1)));
  },
  filler: event({
    candidates: [{ content: { parts: [{ text: 'and so on ' }], role: 'model' }, index: 0 }],
  }),
  refusal({ status, message, code }: ScriptedRefusal) {
    const [name, words] = STATUSES[status] ?? ['UNAVAILABLE', 'The model is overloaded.'];
    return { error: { code: status, message: message ?? words, status: code ?? name } };
  },
};

function partOf(part: Part): unknown {
  if (part.kind === 'text') return { text: part.text };
  return { functionCall: { name: part.name, args: part.input } };
}

/** Gemini's prompt is with what came from the cache; the output's count comes with its last chunk. */
function chunkOf(reply: Reply, parts: readonly unknown[], isLast: boolean) {
  const { usage, stop, model, number } = reply;
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    candidates: [
      {
        content: { parts, role: 'model' },
        ...(isLast && { finishReason: stop ?? 'STOP' }),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: prompt,
      ...(usage.cacheRead > 0 && { cachedContentTokenCount: usage.cacheRead }),
      ...(isLast && { candidatesTokenCount: usage.output }),
      totalTokenCount: prompt + (isLast ? usage.output : 0),
    },
    modelVersion: model,
    responseId: `response-${number}`,
  };
}
