/** Does a case on its ground, and says what is not as it must be. */
import type { GatewayDecision } from '../../src/gateway/protocol.ts';
import type { GatewayProcess } from '../upstream/gateway-process.ts';
import type { Case, Expected } from './attack.ts';
import { type Ground, INJECTED, INJECTED_HEADER, secretsIn } from './ground.ts';
import type { Answer, Attacker } from './guest.ts';

export type Scene = {
  readonly ground: Ground;
  readonly gateway: Pick<GatewayProcess, 'decisions'>;
  readonly attacker: Attacker;
};

/** RFC 8446, 6: a fatal `access_denied`, as bytes and as Python names it. */
const ALERT = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);
const ALERT_NAME = 'TLSV1_ALERT_ACCESS_DENIED';
const AUDIT_MS = 2_000;
const STEP_MS = 5;

/** Empty: all is as it must be. */
export async function judge(scene: Scene, { attack, expected }: Case): Promise<string[]> {
  const { ground, gateway, attacker } = scene;
  const before = gateway.decisions().length;
  const [requests, watched] = [ground.allowed.requests(), ground.allowed.watch()];
  const [evil, touched] = [ground.evil.connections(), ground.touched()];
  const answer = await attacker.attack(
    typeof attack === 'function' ? attack(ground.places) : attack,
  );
  const told = judgeAnswer(answer, expected);
  if (told.length > 0) return told;
  const decisions = () => gateway.decisions().slice(before);
  const wrong = await judgeAudit(decisions, expected);
  const seen = watched();
  const asked = ground.allowed.requests() - requests;
  const { requests: wanted = 0, sees = [], misses = [] } = expected;
  return [
    ...wrong,
    ...(wanted === 'any' || asked === wanted ? [] : [`the upstream saw ${asked} requests`]),
    ...sees.filter((text) => !seen.includes(text)).map((text) => `the upstream missed ${text}`),
    ...misses.filter((text) => seen.includes(text)).map((text) => `the upstream saw ${text}`),
    ...secretsIn(seen).map((label) => `the upstream saw ${label}`),
    ...(ground.evil.connections() === evil ? [] : ['the attacker’s server was reached']),
    ...(ground.touched() === touched ? [] : ['a listener of the runner was reached']),
  ];
}

function judgeAnswer({ bytes, errors }: Answer, expected: Expected): string[] {
  const text = bytes.toString('latin1');
  const shown = `${JSON.stringify(text.slice(0, 600))} ${errors.join(' ')}`;
  const wrong: string[] = [];
  for (const secret of [INJECTED, INJECTED_HEADER]) {
    if (text.includes(secret)) wrong.push('the guest saw a credential');
  }
  if (expected.errors && !expected.errors.some((name) => errors.includes(name))) {
    wrong.push(`no error of ${expected.errors.join(', ')}: ${shown}`);
  }
  if (!isTold(expected, bytes, errors)) wrong.push(`not told of ${expected.rule}: ${shown}`);
  return wrong;
}

function isTold(expected: Expected, bytes: Buffer, errors: readonly string[]): boolean {
  const text = bytes.toString('latin1');
  const rules = [...text.matchAll(/bottle-action: denied \(([a-z-]+)\)/g)].map(([, rule]) => rule);
  if (expected.rule === undefined) return rules.length === 0;
  switch (expected.told ?? 'answer') {
    case 'answer':
      return rules.includes(expected.rule);
    case 'alert':
      return bytes.includes(ALERT) || errors.includes(ALERT_NAME);
    case 'reset':
    case 'end':
      return !errors.includes('timeout');
  }
}

async function judgeAudit(
  decisions: () => readonly GatewayDecision[],
  { rule }: Expected,
): Promise<string[]> {
  const fits = ({ rule: said }: GatewayDecision) => said === rule;
  if (rule === undefined) return [];
  for (let waited = 0; !decisions().some(fits); waited += STEP_MS) {
    if (waited > AUDIT_MS) {
      return [`the audit has ${decisions().map((one) => one.rule)} instead of ${rule}`];
    }
    await new Promise((done) => setTimeout(done, STEP_MS));
  }
  return [];
}
