/** What an agent may try to get out of a bottle, from inside one, on both engines. */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execBehindRelay, GATEWAY_SOCKET, RELAY_PORT } from '../../src/relay/relay.ts';
import { type Scene as Bottle, ENGINES } from '../relay/scene.ts';
import { type GatewayProcess, startGatewayProcess } from '../upstream/gateway-process.ts';
import { CROWD_CASES, SLOW_CASES } from './case/resource.ts';
import { type Ground, openGround } from './ground.ts';
import { type Attacker, openAttacker, whyNoAttacker } from './guest.ts';
import { judge } from './judge.ts';
import { THEMES } from './suite.ts';
import { credentialsIn, PLANT, sweep } from './sweep.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PROGRAM = ['--import', pathOf('resolver.ts'), pathOf('../../src/gateway.ts')];

for (const [engine, { obstacle, open }] of Object.entries(ENGINES)) {
  const reason = obstacle || whyNoAttacker();
  if (reason === '') describe(`${engine}: an agent`, () => describeEscapes(open));
  else test(`${engine}: the escape suite`, (context) => context.skip(reason));
}

function describeEscapes(open: () => Promise<Bottle>): void {
  let ground: Ground;
  let bottle: Bottle;
  let gateway: GatewayProcess;
  let attacker: Attacker;
  /** All that the guest was told. */
  const told: Buffer[] = [];
  beforeAll(async () => {
    [ground, bottle] = await Promise.all([openGround(), open()]);
    const { machine, socket } = bottle;
    rmSync(socket, { force: true });
    gateway = await startGatewayProcess({ ...ground.config, socket }, PROGRAM);
    const { token } = gateway;
    const inGuest = await openAttacker({
      exec: (argv, options) => execBehindRelay(machine, argv, { token, ...options }),
      port: RELAY_PORT,
      socket: GATEWAY_SOCKET,
    });
    attacker = {
      ...inGuest,
      async attack(steps) {
        const answer = await inGuest.attack(steps);
        told.push(answer.bytes);
        return answer;
      },
    };
  });
  afterAll(async () => {
    await attacker?.close();
    await gateway?.stop();
    await bottle?.close();
    await ground?.close();
  });

  const wrongWith = (one: (typeof SLOW_CASES)[number]) => judge({ ground, gateway, attacker }, one);

  for (const [theme, cases] of Object.entries(THEMES)) {
    describe(`does not get out by ${theme}`, () => {
      test.for(cases)('$name', async (one) => {
        expect(await wrongWith(one)).toEqual([]);
      });
    });
  }

  describe('does not get far with', () => {
    test.concurrent.for(SLOW_CASES)('$name', async (one, { expect }) => {
      expect(await wrongWith(one)).toEqual([]);
    });
    test.for(CROWD_CASES)('$name', async (one) => {
      expect(await wrongWith(one)).toEqual([]);
    });
  });

  describe('has seen no credential of the gateway:', () => {
    test('not in memory, environments, arguments or files', async () => {
      const bytes = await sweep(attacker);
      expect(bytes.length).toBeGreaterThan(1024);
      expect(credentialsIn(bytes)).toEqual([]);
    });

    test('not in any answer', () => {
      expect(credentialsIn(Buffer.concat(told))).toEqual([]);
    });

    test('and the audit does not tell of it either', () => {
      const said = JSON.stringify(gateway.messages) + gateway.stderr();
      expect(said).toContain('TOKEN');
      expect(credentialsIn(Buffer.from(said))).toEqual([]);
    });

    test('while one that was planted is found', async () => {
      await attacker.attack([['python', PLANT]]);
      expect(credentialsIn(await sweep(attacker))).toEqual(['the credential']);
    });
  });
}
