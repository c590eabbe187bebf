/** Each case is red without its control: nothing else keeps the agent in. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { spawnProcess } from '../../src/host/process.ts';
import { startGatewayProcess } from '../upstream/gateway-process.ts';
import type { Case } from './attack.ts';
import { CROWD_CASES, SLOW_CASES } from './case/resource.ts';
import { RUNNER_CASES } from './case/socket.ts';
import { SLOW_CONTROLS } from './control/resource.ts';
import { CONTROLS, type Control } from './controls.ts';
import { openGround } from './ground.ts';
import { openAttacker, whyNoAttacker } from './guest.ts';
import { judge, type Scene } from './judge.ts';
import { THEMES } from './suite.ts';
import { copySource } from './without.ts';

const RESOLVER = fileURLToPath(new URL('resolver.ts', import.meta.url));
const GATEWAY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));
const CASES = [...Object.values(THEMES).flat(), ...SLOW_CASES, ...CROWD_CASES];
/** Seconds. Without its control an attack may be left waiting, and that is red as well. */
const SHORT_S = 2;
/** More than the bounds of the gateway. */
const LONG_S = 14;

const reason = whyNoAttacker();
if (reason === '') describe('without a control', describeControls);
else test('without a control', (context) => context.skip(reason));

function describeControls(): void {
  test('there is nothing to tell of while all are on', async () => {
    const named = new Set(CONTROLS.flatMap(({ red }) => red));
    await withScene({ entry: GATEWAY, patience: LONG_S }, async (scene) => {
      for (const name of named) expect(await judge(scene, caseOf(name)), name).toEqual([]);
    });
  });

  // These wait most of the time.
  test.for(SLOW_CONTROLS)('$name', { concurrent: true }, (control) => expectRed(control, LONG_S));

  test.for(CONTROLS)('$name', { concurrent: true }, (control) =>
    inLane(() => expectRed(control, SHORT_S)),
  );

  test('and without a bottle the runner’s own listeners are reached', async () => {
    await withScene({ entry: GATEWAY, patience: SHORT_S }, async (scene) => {
      for (const one of RUNNER_CASES) expect(await judge(scene, one), one.name).not.toEqual([]);
    });
  });
}

/** So many gateways start at once; each takes a core for a second. */
const lanes = [Promise.resolve(), Promise.resolve()];

function inLane(act: () => Promise<void>): Promise<void> {
  const before = lanes.shift();
  const acted = Promise.resolve(before).then(act);
  lanes.push(acted.catch(() => {}));
  return acted;
}

async function expectRed(control: Control, patience: number): Promise<void> {
  const copy = copySource();
  try {
    copy.turnOff(control);
    await withScene({ entry: copy.entry, patience }, async (scene) => {
      for (const name of control.red) {
        expect(await judge(scene, caseOf(name)), name).not.toEqual([]);
      }
    });
  } finally {
    copy.remove();
  }
}

/** The attacker outside of any bottle, with a way to the gateway as the relay's. */
async function withScene(
  { entry, patience }: { readonly entry: string; readonly patience: number },
  act: (scene: Scene) => Promise<void>,
): Promise<void> {
  const ground = await openGround();
  const gateway = await startGatewayProcess(ground.config, ['--import', RESOLVER, entry]);
  const relay = await gateway.relay();
  const attacker = await openAttacker({
    exec: async (argv, options) => (await spawnProcess(argv, { env: {}, ...options })).exit,
    port: relay.port,
    socket: gateway.socket,
    patience,
  });
  try {
    await act({ ground, gateway, attacker });
  } finally {
    await attacker.close();
    await relay.close();
    await gateway.stop();
    await ground.close();
  }
}

function caseOf(name: string): Case {
  const found = CASES.filter((one) => one.name === name);
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} cases: ${name}`);
  return one;
}
