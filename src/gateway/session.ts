/** HTTP/2 sessions with upstreams: many streams on one, a further one only when all are full. */
import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';

export type Sessions = {
  add(key: string, socket: TLSSocket): void;
  /** A session that takes another stream; undefined: a new connection is wanted. */
  take(key: string): Session | undefined;
};

export type Session = {
  readonly http2: ClientHttp2Session;
  /** Those that are open; whoever opens one counts it. */
  streams: number;
};

const IDLE_MS = 60_000;
const MAX_SESSIONS = 8;
/** A stream may be this far ahead of its reader; HTTP/2's own 64 KiB make long ways slow. */
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 16 * STREAM_WINDOW;
/** What RFC 9113 advises, and what an upstream is taken to allow that did not say. */
const USUAL_STREAMS = 100;

export function makeSessions(): Sessions {
  const kept = new Map<string, Session[]>();
  const remove = (key: string, session: Session) => {
    const rest = (kept.get(key) ?? []).filter((other) => other !== session);
    if (rest.length === 0) kept.delete(key);
    else kept.set(key, rest);
  };
  return {
    add: (key, socket) => {
      const http2 = connect(`https://${key}`, {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      });
      const session = { http2, streams: 0 };
      kept.set(key, [...(kept.get(key) ?? []), session]);
      http2.once('connect', () => http2.setLocalWindowSize(SESSION_WINDOW));
      // Its streams know of the error too, and tell it.
      http2.on('error', () => {});
      http2.on('goaway', () => remove(key, session));
      http2.on('close', () => remove(key, session));
      http2.setTimeout(IDLE_MS, () => {
        if (session.streams === 0) http2.close();
      });
    },
    take: (key) => {
      const usable = (kept.get(key) ?? []).filter(({ http2 }) => !http2.closed && !http2.destroyed);
      const free = usable.find(({ http2, streams }) => streams < mostStreams(http2));
      if (free !== undefined || usable.length < MAX_SESSIONS) return free;
      return usable.reduce((a, b) => (a.streams <= b.streams ? a : b));
    },
  };
}

function mostStreams({ remoteSettings }: ClientHttp2Session): number {
  return remoteSettings?.maxConcurrentStreams ?? USUAL_STREAMS;
}
