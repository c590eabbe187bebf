/**
 * What keeps an agent in: each control by the one place in the source that does it, how the source
 * would be without it, and a case that must then get through.
 */
import { ADDRESS_CONTROLS } from './control/address.ts';
import { CREDENTIAL_CONTROLS } from './control/credential.ts';
import { IDENTITY_CONTROLS } from './control/identity.ts';
import { MATCH_CONTROLS } from './control/match.ts';
import { NAME_CONTROLS } from './control/name.ts';
import { RESOURCE_CONTROLS } from './control/resource.ts';
import { SECRET_CONTROLS } from './control/secret.ts';
import { SMUGGLING_CONTROLS } from './control/smuggling.ts';
import { SOCKET_CONTROLS } from './control/socket.ts';

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

export const CONTROLS: readonly Control[] = [
  ...NAME_CONTROLS,
  ...IDENTITY_CONTROLS,
  ...ADDRESS_CONTROLS,
  ...SECRET_CONTROLS,
  ...SOCKET_CONTROLS,
  ...SMUGGLING_CONTROLS,
  ...CREDENTIAL_CONTROLS,
  ...MATCH_CONTROLS,
  ...RESOURCE_CONTROLS,
];
