/** Runs `git http-backend` for one request (RFC 3875): the guest's bytes in, git's answer out. */
import { once } from 'node:events';
import { finished, type Readable, type Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Host, ProcessExit, SpawnOptions } from '../../host/host.ts';
import type { Entry } from '../audit.ts';
import { Denied } from '../denied.ts';
import type { Guest } from '../guest.ts';
import { valuesOf } from '../header.ts';
import type { GitRequest } from './git-request.ts';

export type Backend = {
  readonly spawn: Host['spawn'];
  readonly guest: Guest;
  readonly entry: Entry;
  readonly asked: GitRequest;
  /** git with its settings. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Above the repositories. */
  readonly root: string;
  /** Of the request's body, unpacked. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onChannel?: NonNullable<SpawnOptions['onChannel']>;
};

const TIMEOUT_MS = 30 * 60_000;
/** Without a byte of a request that is not complete. */
const STALL_MS = 60_000;
/** How long a guest may go on sending what git did not want to read. */
const LINGER_MS = 2_000;
const MAX_HEAD = 16 * 1024;

/** Settles when git and all that it started have ended. @throws {Denied} */
export async function runBackend(backend: Backend): Promise<void> {
  const { spawn, guest, entry, argv, env, root, onChannel } = backend;
  const gone = new AbortController();
  guest.onClose(() => gone.abort(new Error('the guest hung up')));
  guest.onBroken((denied) => gone.abort(denied));
  if (guest.isGone()) gone.abort(new Error('the guest hung up'));
  if (guest.expectsContinue) guest.sendContinue();
  const stdin = guest.hasBody ? await begun(readBody(backend)) : undefined;
  const answer = startAnswer(guest, entry);
  const child = await spawn([...argv, 'http-backend'], {
    cwd: root,
    env: { ...env, ...metaVariables(backend) },
    ...(stdin && { stdin }),
    onStdout: answer.push,
    ...(onChannel && { onChannel }),
    timeoutMs: TIMEOUT_MS,
    signal: AbortSignal.any([gone.signal, backend.signal]),
  });
  const exit = await child.exit;
  gone.signal.throwIfAborted();
  answer.end(exit);
}

function metaVariables({ guest, asked, root }: Backend): Record<string, string> {
  const [type = ''] = valuesOf(guest.headers, 'content-type');
  const [version = ''] = valuesOf(guest.headers, 'git-protocol');
  const { repository, service, step } = asked;
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: guest.method,
    PATH_INFO: `/${repository}/${step === 'refs' ? 'info/refs' : `git-${service}-pack`}`,
    QUERY_STRING: step === 'refs' ? `service=git-${service}-pack` : '',
    CONTENT_TYPE: /^[\w.+/-]{1,100}$/.test(type) ? type : '',
    ...(/^version=[0-2]$/.test(version) && { HTTP_GIT_PROTOCOL: version }),
  };
}

/** Its first bytes are there: git begins its answer without them, and then it is too late to refuse. */
async function begun(body: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await body.next();
  return (async function* () {
    if (!first.done) yield first.value;
    yield* body;
  })();
}

/** Unpacked here, where it can be seen how much comes out of it. */
async function* readBody({ guest, entry, maxBytes }: Backend): AsyncGenerator<Uint8Array> {
  const body = unpack(guest);
  const startTimer = () =>
    setTimeout(() => {
      const seconds = STALL_MS / 1000;
      body.destroy(new Denied('timeout', `no byte of the request came for ${seconds} s`));
    }, STALL_MS);
  let timer = startTimer();
  try {
    // A request that is destroyed takes the connection along, and the answer with it.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      clearTimeout(timer);
      entry.bytesUp += chunk.length;
      if (entry.bytesUp > maxBytes) {
        throw new Denied('limit-bytes', `the request is larger than ${maxBytes} bytes`);
      }
      yield chunk;
      timer = startTimer();
    }
  } catch (error) {
    const isPacked = String((error as NodeJS.ErrnoException).code).startsWith('Z_');
    throw isPacked ? new Denied('malformed', 'the request is not packed as it says') : error;
  } finally {
    clearTimeout(timer);
  }
}

function unpack({ headers, body }: Guest): Readable {
  const encodings = valuesOf(headers, 'content-encoding').map((value) => value.toLowerCase());
  if (encodings.length === 0 || encodings[0] === 'identity') return body;
  if (encodings.length > 1 || !['gzip', 'x-gzip'].includes(encodings[0] ?? '')) {
    throw new Denied('malformed', 'a request to git is packed with gzip or not at all');
  }
  const unpacked = createGunzip();
  finished(body, (error) => error && unpacked.destroy(error));
  return body.pipe(unpacked);
}

/** git's answer: its head is read here, its body goes on as the guest takes it. */
function startAnswer(guest: Guest, entry: Entry) {
  let head = Buffer.alloc(0);
  let target: Writable | undefined;
  const begin = (length: number) => {
    const headers = parseHead(head.subarray(0, length).toString('latin1'));
    entry.status = headers.status;
    target = guest.answer(headers);
    return head.subarray(length + 4);
  };
  return {
    async push(chunk: Uint8Array): Promise<void> {
      let rest = chunk;
      if (target === undefined) {
        head = Buffer.concat([head, chunk]);
        const length = head.indexOf('\r\n\r\n');
        if (length < 0 && head.length <= MAX_HEAD) return;
        rest = begin(Math.max(length, 0));
      }
      entry.bytesDown += rest.length;
      if (target?.write(rest) === false) await drained(target);
    },
    end({ exitCode, timedOut }: ProcessExit): void {
      if (timedOut) throw new Denied('timeout', 'git took too long');
      // Whatever git says at last is for the guest's git to understand; broken off is another thing.
      if (target === undefined || exitCode === null) throw new Denied('busy', 'git was ended');
      target.end();
      linger(guest);
    },
  };
}

/** A guest that is gone takes nothing any more. */
async function drained(target: Writable): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([once(target, 'drain', { signal }), once(target, 'close', { signal })]);
  } finally {
    settled.abort();
  }
}

function parseHead(text: string) {
  const fields = text.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const isStatus = ([name]: [string, string]) => name.toLowerCase() === 'status';
  const status = Number.parseInt(fields.find(isStatus)?.[1] ?? '200', 10);
  return { status, headers: fields.filter((field) => !isStatus(field)) };
}

/** What git did not want to read must be read all the same, or the guest never sees the answer. */
function linger({ hasBody, body, abort }: Guest): void {
  if (!hasBody || body.readableEnded) return;
  const timer = setTimeout(abort, LINGER_MS);
  body.once('close', () => clearTimeout(timer)).resume();
}
