/** Controls of who may speak to the gateway. */
import type { Control } from '../controls.ts';

export const SOCKET_CONTROLS: readonly Control[] = [
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
