/** Pushes that break off, at twenty points of their way: the upstream has all of one, or nothing. */
import { randomBytes, randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { gitServer } from '../upstream/git-server.ts';
import { listen, type Respond } from '../upstream/upstream.ts';
import { descendants, NO_PROC } from './process.ts';
import { BASIC, commit, openScene, type Scene } from './scene.ts';

/** Which nothing makes smaller: so much goes over the wire. */
const BYTES = 1_500_000;
/** What the upstream sees of a push: the question before it, and the push itself. */
const STEP = /info\/refs\?service=git-receive-pack|git-receive-pack$/;
const PUSH = 'POST /git/site/git-receive-pack ';

const VICTIMS = {
  'the guest': () => {},
  'the git of the gate': endGit,
  'the gateway': ({ gateway }: Scene) => process.kill(gateway.pid, 'SIGKILL'),
};
const NAMES = Object.keys(VICTIMS) as (keyof typeof VICTIMS)[];

type Point = { readonly bytes: number } | { readonly step: number };

/** Twenty: while the push goes up by turns, and each of them at both steps of the upstream. */
const POINTS: readonly (readonly [victim: keyof typeof VICTIMS, point: Point])[] = [
  ...Array.from({ length: 14 }, (_, at) => {
    const point = { bytes: 1 + Math.floor((at * BYTES) / 13) };
    return [NAMES[at % 3] ?? 'the guest', point] as const;
  }),
  ...NAMES.flatMap((name) => [[name, { step: 0 }] as const, [name, { step: 1 }] as const]),
];

let scene: Stepped | undefined;
afterAll(() => scene?.close());

test.skipIf(NO_PROC !== '').each(POINTS)(
  '%s ends at %o: the upstream is as before, or has the push',
  {
    timeout: 60_000,
  },
  async (victim, point) => {
    scene ??= await openStepped();
    const work = await scene.clone(randomUUID());
    const branch = `refs/heads/${randomUUID()}`;
    const tip = await commit(scene, work, { 'a.bin': randomBytes(BYTES) });
    const { exitCode } = await pushUntil(scene, point, VICTIMS[victim], work, branch);
    expect(exitCode).not.toBe(0);
    const has = scene.atUpstream('for-each-ref', '--format=%(objectname)', branch);
    // Only what the upstream had begun to take may be there.
    expect('step' in point && point.step === 1 ? ['', tip] : ['']).toContain(has);
    scene.atUpstream('fsck', '--connectivity-only');
    if (victim === 'the gateway') {
      await scene.close();
      scene = undefined;
    } else {
      await scene.good(work, 'push', '--quiet', scene.url, `HEAD:${branch}`);
      expect(scene.atUpstream('rev-parse', branch)).toBe(tip);
    }
  },
);

type Stepped = Scene & { onStep: (step: number) => void };

/** Says which step of a push its upstream comes to. */
async function openStepped(): Promise<Stepped> {
  let serve: Respond = (_, response) => void response.destroy();
  let step = 0;
  const told = { onStep: (_: number) => {} };
  const respond: Respond = (request, response, arrived) => {
    if (STEP.test(request.url ?? '')) {
      step = request.method === 'GET' ? 0 : 1;
      told.onStep(step);
    }
    serve(request, response, arrived);
  };
  const scene = Object.assign(await openScene({ respond }), told);
  Object.defineProperty(told, 'onStep', { get: () => scene.onStep });
  serve = gitServer(`${scene.directory}/up`, { authorization: BASIC });
  return scene;
}

/** Ends the victim at the point, and then the guest's connection; waits until all is quiet. */
async function pushUntil(
  scene: Scene,
  point: Point,
  endVictim: (scene: Scene) => void,
  work: string,
  branch: string,
) {
  const end = () => {
    endVictim(scene);
    relay.cut();
  };
  const relay = await cutAfter(scene.port, 'bytes' in point ? point.bytes : BYTES * 2, end);
  (scene as Stepped).onStep = (step) => {
    if ('step' in point && step === point.step) end();
  };
  const ended = await scene.git(work, 'push', `${relay.url}/git/site`, `HEAD:${branch}`);
  (scene as Stepped).onStep = () => {};
  await relay.close();
  await expect.poll(() => descendants(scene.gateway.pid), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => scene.upstream.connections(), { timeout: 10_000 }).toBe(0);
  return ended;
}

function endGit({ gateway }: Scene): void {
  for (const { pid } of descendants(gateway.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** A relay before the relay, that calls `onReached` when so much of the push has gone up. */
async function cutAfter(to: number, most: number, onReached: () => void) {
  const sockets = new Set<Socket>();
  let bytes = 0;
  let isCut = false;
  const server = createServer((client) => {
    // Nobody comes again after the end.
    if (isCut) return client.destroy();
    const gate = connect(to, '127.0.0.1');
    for (const [from, into] of [[client, gate] as const, [gate, client] as const]) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => into.destroy());
    }
    client.on('data', (chunk) => {
      if (bytes > 0 || chunk.includes(PUSH)) bytes += chunk.length;
      if (bytes >= most && !isCut) onReached();
    });
    client.pipe(gate).pipe(client);
  });
  const port = await listen(server);
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    async close() {
      cut();
      await new Promise((done) => server.close(done));
    },
  };
}
