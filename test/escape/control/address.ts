/** Controls of where a connection goes. */
import type { Control } from '../controls.ts';

export const ADDRESS_CONTROLS: readonly Control[] = [
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
