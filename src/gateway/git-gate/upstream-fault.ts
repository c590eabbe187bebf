/** Says why an upstream did not do what git asked, from what git says of it. */
import { Denied } from '../denied.ts';

type Rule =
  | 'upstream-connect'
  | 'upstream-refused'
  | 'upstream-tls'
  | 'upstream-timeout'
  | 'upstream-reset';

/** The first that fits. */
const FAULTS: readonly (readonly [RegExp, Rule, string])[] = [
  [
    /CONNECT tunnel failed|Received HTTP code \d+ from proxy|resolve proxy|Proxy CONNECT aborted/i,
    'upstream-connect',
    "the runner's proxy did not let it through",
  ],
  [/returned error: 30\d/, 'upstream-refused', 'it answers that the repository is elsewhere'],
  [
    /returned error: (?:401|403)|could not read (?:Username|Password)|Authentication failed/i,
    'upstream-refused',
    'it does not accept the credential, or asks for one',
  ],
  [
    /returned error: 404|not found|does not appear to be a git/i,
    'upstream-refused',
    'no such repository',
  ],
  [/Host key verification failed/i, 'upstream-refused', 'its host key is not the pinned one'],
  [/Permission denied/i, 'upstream-refused', 'it does not accept the key'],
  [/SSL|certificate/i, 'upstream-tls', 'TLS failed: its certificate does not hold'],
  [/timed out|too slow|Operation too slow/i, 'upstream-timeout', 'it fell silent'],
];

/** @param stderr of `git fetch` or `git push` */
export function upstreamFault(host: string, stderr: string): Denied {
  const found = FAULTS.find(([pattern]) => pattern.test(stderr));
  const [, rule, reason] = found ?? [undefined, 'upstream-reset' as const, 'git could not go on'];
  return new Denied(rule, `${host}: ${reason}`);
}
