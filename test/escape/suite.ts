/** All cases of the escape suite, by what they attack. */
import type { Case } from './attack.ts';
import { ADDRESS_CASES } from './case/address.ts';
import { CREDENTIAL_CASES } from './case/credential.ts';
import { IDENTITY_CASES } from './case/identity.ts';
import { MATCH_CASES } from './case/match.ts';
import { NAME_CASES } from './case/name.ts';
import { SIZE_CASES } from './case/resource.ts';
import { SECRET_CASES } from './case/secret.ts';
import { SMUGGLING_CASES } from './case/smuggling.ts';
import { SOCKET_CASES } from './case/socket.ts';

export const THEMES: Readonly<Record<string, readonly Case[]>> = {
  'another name': NAME_CASES,
  'another identity': IDENTITY_CASES,
  'an address': ADDRESS_CASES,
  'a secret': SECRET_CASES,
  'another socket': SOCKET_CASES,
  smuggling: SMUGGLING_CASES,
  'a credential': CREDENTIAL_CASES,
  'what no route matches': MATCH_CASES,
  'time and memory': SIZE_CASES,
};
