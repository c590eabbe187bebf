/** Controls of size, number and time. */
import type { Control } from '../controls.ts';

export const RESOURCE_CONTROLS: readonly Control[] = [
  {
    name: 'a head has its size',
    file: 'guest-server.ts',
    from: 'maxHeaderSize: MAX_HEADER_BYTES,',
    to: 'maxHeaderSize: 10_000_000,',
    red: ['a field that is too large', 'too many fields'],
  },
  {
    name: 'a route has its bytes',
    file: 'forward.ts',
    from: 'services.meter.count(origin.route, up * length, down * length);',
    to: '',
    red: ['more bytes than a route may take'],
  },
  {
    name: 'there are so many connections and no more',
    file: 'connection.ts',
    from: 'if (open > MAX_CONNECTIONS)',
    to: 'if (open > 9_999)',
    red: ['more connections than there may be'],
  },
];

/** They end by themselves only after a long time, so each case takes as long as its bound. */
export const SLOW_CONTROLS: readonly Control[] = [
  {
    name: 'a head has its time',
    file: 'guest-server.ts',
    from: 'headersTimeout: HEADERS_TIMEOUT_MS,',
    to: 'headersTimeout: 0,',
    red: ['half a head, and silence', 'a head byte by byte'],
  },
  {
    name: 'a handshake has its time',
    file: 'handshake.ts',
    from: 'timeoutMs: TIMEOUT_MS,',
    to: 'timeoutMs: 60_000,',
    red: ['a handshake that does not go on'],
  },
  {
    name: 'a hello has its time',
    file: 'tunnel.ts',
    from: 'timeoutMs: HELLO_TIMEOUT_MS,',
    to: 'timeoutMs: 60_000,',
    red: ['CONNECT, and silence'],
  },
];
