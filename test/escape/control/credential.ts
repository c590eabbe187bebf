/** Controls of what the gateway puts in, and of what it takes out. */
import type { Control } from '../controls.ts';

export const CREDENTIAL_CONTROLS: readonly Control[] = [
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
    name: 'no parameter is a credential',
    file: 'admit.ts',
    from: 'withoutKeyParameters(route, seen.pathAndQuery)',
    to: 'seen.pathAndQuery',
    red: ['a request with the guest’s own credential, as the parameter access_token'],
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
    from: "TELLING_METHODS = ['TRACE', 'TRACK', 'CONNECT']",
    to: "TELLING_METHODS = ['CONNECT']",
    red: ['TRACE does not give away a bearer token'],
  },
];
