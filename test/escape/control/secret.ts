/** Controls that look for secrets in what leaves. */
import type { Control } from '../controls.ts';

export const SECRET_CONTROLS: readonly Control[] = [
  {
    name: 'heads are looked into',
    file: 'admit.ts',
    from: 'const isInspected = route.dlp.outbound.length > 0;',
    to: 'const isInspected = false as boolean;',
    red: ['a secret in a query', 'a secret in a header'],
  },
  {
    name: 'paths are looked at',
    file: 'dlp/head.ts',
    from: "...readings(path).map((text): [Finding['where'], string] => ['path', text]),",
    to: '',
    red: ['a secret in the path'],
  },
  {
    name: 'queries are looked at',
    file: 'dlp/head.ts',
    from: "...readings(query).map((text): [Finding['where'], string] => ['query', text]),",
    to: '',
    red: ['a secret in a query in hexadecimal'],
  },
  {
    name: 'names of headers are looked at',
    file: 'dlp/head.ts',
    from: "['header', headers.map(([name]) => name).join(BETWEEN)],",
    to: '',
    red: ['a secret in the name of a header'],
  },
  {
    name: 'bodies are looked into',
    file: 'admit.ts',
    from: 'guest.hasBody ? services.inspector.outboundBody(route, seen.headers) : undefined',
    to: 'undefined',
    red: [
      'a secret in a body, as it is',
      'a secret in a body, in base64, two bytes on',
      'a secret in a body, each byte a chunk',
    ],
  },
  {
    name: 'what may be the start of a secret is kept back',
    file: 'dlp/known-secret.ts',
    from: 'held: () => stream.held(),',
    to: 'held: () => 0,',
    red: ['a secret in a body that is redacted, each byte a chunk'],
  },
  {
    name: 'packed bodies are unpacked',
    file: 'dlp/inspector.ts',
    from: "return createDecodingScan(() => outbound(route, 'body'), createDecoder(encoding));",
    to: "return createScan(outbound(route, 'body'));",
    red: ['a secret in a body, packed by gzip'],
  },
  {
    name: 'what cannot be unpacked is refused',
    file: 'dlp/inspector.ts',
    from: "throw new DlpDenied('the body is encoded in a way that cannot be looked into', []);",
    to: "return createScan(outbound(route, 'body'));",
    red: ['a secret in a body, packed twice'],
  },
  {
    name: 'trailers are looked into',
    file: 'forward.ts',
    from: '(await services.inspector.head(route, head)).headers',
    to: 'head.headers',
    red: ['a secret in a trailer'],
  },
  {
    name: 'frames of WebSockets are looked into',
    file: 'upgrade.ts',
    from: "if (!looks('outbound') && !looks('inbound')) return undefined;",
    to: 'if (looks) return undefined;',
    red: ['a secret in a WebSocket, a text', 'a secret in a WebSocket, two fragments'],
  },
  {
    name: 'frames are unmasked before they are looked into',
    file: 'frame.ts',
    from: 'const payload = unmask(waiting.subarray(0, left), frame.mask, passed);',
    to: 'const payload = waiting.subarray(0, left);',
    red: ['a secret in a WebSocket, a text'],
  },
  {
    name: 'no extension packs frames',
    file: 'frame.ts',
    from: '(first & 0x70) !== 0 || ',
    to: '',
    red: ['a WebSocket frame of an extension that was not agreed on'],
  },
];
