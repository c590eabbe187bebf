/**
 * What keeps an agent in: each control by the one place in the source that does it, how the source
 * would be without it, and a case that must then get through.
 */

export type Control = {
  readonly name: string;
  /** Below `src/gateway`. */
  readonly file: string;
  /** There exactly once. */
  readonly from: string;
  readonly to: string;
  /** Names of cases; each must turn red. */
  readonly red: readonly [string, ...string[]];
};

const NAMES: readonly Control[] = [
  {
    name: 'addresses are refused in every notation',
    file: 'name.ts',
    from: 'if (isAddress(name))',
    to: 'if (false as boolean)',
    red: ['CONNECT to an IP address in octal', 'an absolute address with an IP address dotted'],
  },
  {
    name: 'escapes are undone before an address is looked for',
    file: 'name.ts',
    from: 'const plain = undoEscapes(name)\n',
    to: 'const plain = name\n',
    red: ['CONNECT to an IP address with escaped dots'],
  },
  {
    name: 'digits of all scripts are digits',
    file: 'name.ts',
    from: ".normalize('NFKC')",
    to: ".normalize('NFC')",
    red: ['a Host that is an IP address in circled digits'],
  },
  {
    name: 'a host name has no characters but those of names',
    file: 'name.ts',
    from: 'if (/[\\x00-\\x20\\x7f/\\\\?#%<>^|[\\]:]/.test(name)) {',
    to: 'if (false as boolean) {',
    red: ['a Host with an escaped dot'],
  },
  {
    name: 'a port is a plain number',
    file: 'name.ts',
    from: '/^[1-9][0-9]{0,4}$/.test(text)',
    to: '/^.*$/.test(text)',
    red: ['CONNECT to a port in octal of an allowed host'],
  },
  {
    name: 'what has no route is refused',
    file: 'route-table.ts',
    from: 'if (!route) throw',
    to: 'const [any] = byHost.values();\n      if (any) return { ...any, tls: "tunnel", ports: [port] };\n      if (!route) throw',
    red: ['a secret as a label of a host that is not allowed'],
  },
  {
    name: 'a suffix begins at a dot',
    file: 'route-table.ts',
    from: 'const route = byHost.get(`*',
    to: "const suffix = [...byHost].find(([key]) => host.endsWith(key.replace(/^\\*\\.?/, '')));\n    const route = suffix?.[1] ?? byHost.get(`*",
    red: ['an absolute address with a host that ends like the suffix without its dot'],
  },
  {
    name: 'an exact host is no suffix',
    file: 'route-table.ts',
    from: 'byHost.get(host) ?? findSuffix(byHost, host)',
    to: "byHost.get(host) ?? byHost.get(host.slice(host.indexOf('.') + 1)) ?? findSuffix(byHost, host)",
    red: ['an absolute address with a host below an exact one'],
  },
  {
    name: 'a route has its ports',
    file: 'route-table.ts',
    from: 'if (!route.ports.includes(port))',
    to: 'if (false as boolean)',
    red: ['CONNECT to SSH of an allowed host', 'CONNECT to mail of an allowed host'],
  },
];

const IDENTITIES: readonly Control[] = [
  {
    name: 'Host names the server that is asked',
    file: 'connection.ts',
    from: 'if (named.host !== host || named.port !== port) {',
    to: 'if (false as boolean) {',
    red: [
      'an allowed address with the Host of another server',
      'a request in an opened connection with the Host of another route',
      'HTTP/2 with the authority of another server',
    ],
  },
  {
    name: 'there is one Host',
    file: 'connection.ts',
    from: 'if (authorities.length !== 1 || authority === undefined) {',
    to: 'if (authority === undefined) {',
    red: [
      'two Hosts, the allowed one first',
      'HTTP/2 with an authority and the Host of another server',
    ],
  },
  {
    name: 'https does not go out by an absolute address',
    file: 'connection.ts',
    from: "if (scheme === 'https') {",
    to: "if (scheme === ('none' as string)) {",
    red: ['https by an absolute address, which would go out without TLS of the guest'],
  },
  {
    name: 'CONNECT has no place inside CONNECT',
    file: 'connection.ts',
    from: "turnAway(services, socket, new Denied('malformed', 'CONNECT has no place inside CONNECT'));",
    to: "tunnel(services, socket, (_ as { url?: string }).url ?? '', () => {});",
    red: ['CONNECT inside CONNECT'],
  },
  {
    name: 'the name in TLS is that of CONNECT',
    file: 'tunnel.ts',
    from: 'if (parseAuthority(hello.serverName, 0).host !== host) {',
    to: 'if (false as boolean) {',
    red: [
      'TLS in a tunnel that asks for another server',
      'TLS to an opened host that asks for another server',
      'TLS with an address as its name',
    ],
  },
  {
    name: 'TLS says a name',
    file: 'tunnel.ts',
    from: 'if (hello.serverName === undefined) {',
    to: 'if (hello.serverName === undefined) return;\n  if (false as boolean) {',
    red: ['TLS without a name'],
  },
  {
    name: 'TLS hides no name',
    file: 'tunnel.ts',
    from: 'if (hello.encryptedHello) {',
    to: 'if (false as boolean) {',
    red: ['TLS with an encrypted hello behind an allowed name'],
  },
  {
    name: 'only TLS goes through CONNECT',
    file: 'tunnel.ts',
    from: "if (hello.kind !== 'hello') {",
    to: "if (hello.kind !== 'hello') return;\n  if (false as boolean) {",
    red: ['plain HTTP in a tunnel', 'a plain request behind CONNECT, in one packet'],
  },
  {
    name: 'a hello has each extension once',
    file: 'client-hello.ts',
    from: 'if (extensions.has(type)) throw new Malformed();',
    to: '',
    red: ['TLS with two lists of names'],
  },
  {
    name: 'a list has one name',
    file: 'client-hello.ts',
    from: '  const name = list.vector(2).text();\n  list.end();',
    to: '  const name = list.vector(2).text();',
    red: ['TLS with two names in one list'],
  },
  {
    name: 'a hello is read over all its records',
    file: 'client-hello.ts',
    from: 'if (wanted === undefined || length < wanted) continue;',
    to: 'if (wanted === undefined) continue;',
    red: ['TLS with another name in three records'],
  },
];

const ADDRESSES: readonly Control[] = [
  {
    name: 'only public addresses are dialled',
    file: 'upstream.ts',
    from: "addresses.filter((address) => classifyAddress(address) === 'public')",
    to: 'addresses',
    red: [
      'an allowed name that leads to this machine by its own name',
      'an allowed name that leads to a loopback address',
      'an allowed name with a public and a loopback address',
    ],
  },
  {
    name: 'where a connection went is looked at again',
    file: 'upstream.ts',
    from: "if (kind === 'public') return socket;",
    to: 'return socket;',
    red: ['a public address that leads to this machine when it is dialled'],
  },
  {
    name: 'loopback addresses are not public',
    file: 'address.ts',
    from: "['of this machine', ['127.0.0.0/8', '::1/128']],",
    to: '',
    red: ['an allowed name that leads to a loopback address'],
  },
  {
    name: 'metadata services are not public',
    file: 'address.ts',
    from: "'169.254.0.0/16', ",
    to: '',
    red: ['an allowed name that leads to a metadata service'],
  },
];

const SECRETS: readonly Control[] = [
  {
    name: 'heads are looked into',
    file: 'admit.ts',
    from: 'const isInspected = route.dlp.outbound.length > 0;',
    to: 'const isInspected = false as boolean;',
    red: [
      'a secret in a query',
      'a secret in a header',
      'a secret as a label of an allowed suffix',
    ],
  },
  {
    name: 'names of hosts are looked at',
    file: 'dlp/head.ts',
    from: "['host', host],",
    to: '',
    red: ['a secret as a label of an allowed suffix'],
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

const SOCKETS: readonly Control[] = [
  {
    name: 'the relay says the token of the run',
    file: 'handshake.ts',
    from: 'if (line.length < expected.length || !timingSafeEqual(line, expected)) {',
    to: "if (!line.toString('latin1').startsWith('BOTTLE/1 ')) {",
    red: [
      'the gateway’s own socket with a wrong token',
      'the gateway’s own socket with the token of another run',
    ],
  },
  {
    name: 'a connection begins with the handshake',
    file: 'connection.ts',
    from: 'await takeHandshake(socket, services.token);',
    to: '',
    red: [
      'the gateway’s own socket with no token',
      'the gateway’s own socket with the method of a proxy',
    ],
  },
];

const SMUGGLING: readonly Control[] = [
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

const CREDENTIALS: readonly Control[] = [
  {
    name: 'the guest’s own credential is taken out',
    file: 'credential.ts',
    from: 'const rest = without(headers, removed);',
    to: 'const rest = removed.size > 0 ? headers : [];',
    red: [
      'a request with the guest’s own credential, a bearer token',
      'a request with the guest’s own credential, a key of another vendor',
    ],
  },
  {
    name: 'plain HTTP carries no credential',
    file: 'credential.ts',
    from: "if (scheme === 'http') return rest;",
    to: '',
    red: ['plain HTTP does not carry a bearer token'],
  },
  {
    name: 'no trailer is a credential',
    file: 'header.ts',
    from: 'filter(([name]) => !NEVER_BEHIND.test(name))',
    to: 'filter(() => NEVER_BEHIND)',
    red: ['a trailer that is a credential'],
  },
  {
    name: 'TRACE is not passed on',
    file: 'admit.ts',
    from: "new Set(['TRACE', 'TRACK', 'CONNECT'])",
    to: "new Set(['CONNECT'])",
    red: ['TRACE does not give away a bearer token'],
  },
];

const MATCHES: readonly Control[] = [
  {
    name: 'a request fits its route',
    file: 'admit.ts',
    from: 'matchRequest(route, { method: guest.method, path, headers: guest.headers });',
    to: '',
    red: ['a request with another path', 'the method DELETE'],
  },
  {
    name: 'a prefix ends where a segment does',
    file: 'route-table.ts',
    from: '/^(?:\\/|$)/.test(rest)',
    to: 'true',
    red: ['a request with a path that begins like the prefix'],
  },
  {
    name: 'no header names another method or path',
    file: 'route-table.ts',
    from: 'if (request.headers.some(([name]) => OVERRIDES.has(name.toLowerCase()))) {',
    to: 'if (false as boolean) {',
    red: ['an allowed request with X-HTTP-Method-Override: DELETE'],
  },
  {
    name: 'a path has no dot segments',
    file: 'path.ts',
    from: 'if (segments.some((segment) => DOT_SEGMENT.test(segment))) {',
    to: 'if (false as boolean) {',
    red: ['a request with a dot segment', 'a request with an escaped dot segment'],
  },
  {
    name: 'escapes of escapes are undone before the path is judged',
    file: 'path.ts',
    from: 'const decoded = undoAllEscapes(once, MAX_ROUNDS);',
    to: 'const decoded = MAX_ROUNDS > 0 ? once : undoAllEscapes(once, 1);',
    red: ['a request with a dot segment escaped twice'],
  },
  {
    name: 'a path is UTF-8',
    file: 'path.ts',
    from: "if (!isUtf8(Buffer.from(once, 'latin1')))",
    to: 'if (!isUtf8)',
    red: ['a request with a dot segment in UTF-8 that is too long'],
  },
  {
    name: 'GraphQL is read',
    file: 'admit.ts',
    from: 'graphqlMutations !== undefined && isGraphql(path)',
    to: 'false as boolean',
    red: [
      'GraphQL: a mutation',
      'GraphQL: a mutation in a batch',
      'GraphQL: a mutation as a parameter',
    ],
  },
  {
    name: 'an alias is not what counts',
    file: 'graphql.ts',
    from: "if (tokens[at + 1] === ':') at += 2;",
    to: "if (tokens[at + 1] === ':') (tokens as string[]).splice(at + 1, 2);",
    red: ['GraphQL: a mutation under the alias of an allowed one'],
  },
  {
    name: 'a mutation begins with no fragment',
    file: 'graphql.ts',
    from: "if (!NAME.test(name)) throw refusal('a mutation may not begin with a fragment');",
    to: 'if (!NAME.test(name)) return names;',
    red: ['GraphQL: a mutation by a fragment', 'GraphQL: a mutation by an inline fragment'],
  },
];

const RESOURCES: readonly Control[] = [
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
    red: ['half a head, and silence'],
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

export const CONTROLS = [
  ...NAMES,
  ...IDENTITIES,
  ...ADDRESSES,
  ...SECRETS,
  ...SOCKETS,
  ...SMUGGLING,
  ...CREDENTIALS,
  ...MATCHES,
  ...RESOURCES,
];
