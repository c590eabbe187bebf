/** Each case is red without its control: nothing else keeps the agent in. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnProcess } from '../../src/host/process.ts';
import { startGatewayProcess } from '../upstream/gateway-process.ts';
import type { Case } from './attack.ts';
import { CROWD_CASES, SLOW_CASES } from './case/resource.ts';
import { RUNNER_CASES } from './case/socket.ts';
import { CONTROLS, type Control, SLOW_CONTROLS } from './controls.ts';
import { type Ground, openGround } from './ground.ts';
import { openAttacker, whyNoAttacker } from './guest.ts';
import { judge, type Scene } from './judge.ts';
import { THEMES } from './suite.ts';
import { copySource } from './without.ts';

const RESOLVER = fileURLToPath(new URL('resolver.ts', import.meta.url));
const GATEWAY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));
const CASES = [...Object.values(THEMES).flat(), ...SLOW_CASES, ...CROWD_CASES];
/** Without its control an attack may be left waiting, and that is red as well. */
const PATIENCE_S = 2;
/** More than the bounds that are turned off. */
const SLOW_PATIENCE_S = 13;

const reason = whyNoAttacker();
if (reason === '') describe('without a control', describeControls);
else test('without a control', (context) => context.skip(reason));

function describeControls(): void {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(() => ground?.close());

  test('there is nothing to tell of while all are on', async () => {
    const named = new Set(CONTROLS.flatMap(({ red }) => red));
    await withScene(ground, GATEWAY, async (scene) => {
      for (const name of named) expect(await judge(scene, caseOf(name)), name).toEqual([]);
    });
  });

  test.for(CONTROLS)('$name', (control) => expectRed(ground, control));

  test.for(SLOW_CONTROLS)('$name', { concurrent: true }, async (control) => {
    const own = await openGround();
    try {
      await expectRed(own, control, SLOW_PATIENCE_S);
    } finally {
      await own.close();
    }
  });

  test('and without a bottle the runner’s own listeners are reached', async () => {
    await withScene(ground, GATEWAY, async (scene) => {
      for (const one of RUNNER_CASES) expect(await judge(scene, one), one.name).not.toEqual([]);
    });
  });
}

async function expectRed(ground: Ground, control: Control, patience?: number): Promise<void> {
  const copy = copySource();
  const act = async (scene: Scene) => {
    for (const name of control.red) {
      expect(await judge(scene, caseOf(name)), name).not.toEqual([]);
    }
  };
  try {
    copy.turnOff(control);
    await withScene(ground, copy.entry, act, patience);
  } finally {
    copy.remove();
  }
}

/** The attacker outside of any bottle, with a way to the gateway as the relay's. */
async function withScene(
  ground: Ground,
  entry: string,
  act: (scene: Scene) => Promise<void>,
  patience = PATIENCE_S,
): Promise<void> {
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
  }
}

function caseOf(name: string): Case {
  const found = CASES.filter((one) => one.name === name);
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} cases: ${name}`);
  return one;
}
