/** Controls that a request has one name, wherever it is said. */
import type { Control } from '../controls.ts';

export const IDENTITY_CONTROLS: readonly Control[] = [
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
    from: "refused(socket, new Denied('malformed', 'CONNECT has no place inside CONNECT'));",
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
    from: "if (hello.encryptedHello && route.tls === 'tunnel') {",
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
