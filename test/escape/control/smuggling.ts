/** Controls that a request can be read in one way. */
import type { Control } from '../controls.ts';

export const SMUGGLING_CONTROLS: readonly Control[] = [
  {
    name: 'HTTP is read strictly',
    file: 'guest-server.ts',
    from: 'insecureHTTPParser: false,',
    to: 'insecureHTTPParser: true,',
    red: ['a request with a length before chunks', 'a request with a lone LF behind a field'],
  },
  {
    name: 'the only coding is chunked',
    file: 'admit.ts',
    from: "if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) {",
    to: 'if (false as boolean) {',
    red: ['a request with a coding before chunked'],
  },
  {
    name: 'a length is a plain number',
    file: 'admit.ts',
    from: 'if (lengths.some((length) => !/^(?:0|[1-9][0-9]*)$/.test(length))) {',
    to: 'if (false as boolean) {',
    red: ['a request with a length with a zero before it'],
  },
  {
    name: 'fields that Connection names stay there',
    file: 'header.ts',
    from: 'dropped.has(name) ||',
    to: '',
    red: ['a field that Connection names, and the gateway’s own'],
  },
  {
    name: 'fields for proxies are not passed on',
    file: 'header.ts',
    from: "name.startsWith('proxy-')",
    to: 'false',
    red: ['fields for a proxy behind'],
  },
  {
    name: 'the only upgrade is that to a WebSocket',
    file: 'upgrade.ts',
    from: "if (request.method !== 'GET' || !asksForWebSocket(guest)) {",
    to: 'if (false as boolean) {',
    red: ['an upgrade to HTTP/2 in clear'],
  },
];
