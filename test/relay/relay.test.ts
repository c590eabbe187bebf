/** The relay, in real guests, with each program that an image may have for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RELAY_PORT } from '../../src/relay/relay.ts';
import { gather } from '../machine/gather.ts';
import { settled } from '../machine/settled.ts';
import { CLIENT, clientArgv, type SCENARIOS } from './client.ts';
import { TOKEN } from './gateway.ts';
import { ENGINES, gatherBehindRelay, onlyWith, PROGRAMS, type Scene, whyNot } from './scene.ts';

for (const [engine, { obstacle, open }] of Object.entries(ENGINES)) {
  for (const program of PROGRAMS) {
    const reason = obstacle || whyNot(program);
    const name = `${engine}: a relay by ${program}`;
    if (reason === '') describe(name, () => describeRelay(program, open));
    else test(name, (context) => context.skip(reason));
  }
}

// Why these two come first: docs/decisions/0005-relay.md.
test.for(['python3', 'perl'])(
  '%s passes on a refusal after which the gateway is gone',
  async (program, context) => {
    const { obstacle, open } = ENGINES.bubblewrap;
    const reason = obstacle || whyNot(program);
    if (reason !== '') context.skip(reason);
    const scene = await open();
    try {
      const PATH = await onlyWith(scene.machine, [program]);
      const { text } = await gatherBehindRelay(scene.machine, clientArgv('slammed'), {
        env: { PATH },
      });
      expect(text).toBe('20\n');
    } finally {
      await scene.close();
    }
  },
);

function describeRelay(program: string, open: () => Promise<Scene>): void {
  let scene: Scene;
  let PATH: string;
  beforeAll(async () => {
    scene = await open();
    PATH = await onlyWith(scene.machine, [program]);
  });
  afterAll(() => scene?.close());

  const behind = (argv: readonly string[], options: object = {}) =>
    gatherBehindRelay(scene.machine, argv, { env: { PATH }, ...options });
  const client = async (scenario: keyof typeof SCENARIOS) =>
    (await behind(clientArgv(scenario))).text.trim();

  test('is the one that is asked', async () => {
    const { text, stderr } = await behind(['sh', '-c', 'echo "$BOTTLE_RELAY"']);
    expect([text, stderr.toString()]).toEqual([`${program}\n`, '']);
  });

  test('carries 10 MB of noise both ways at once', async () => {
    expect(await client('echo')).toBe('True');
  });

  test('keeps the other way open when the client ends first', async () => {
    expect(await client('clientEndsFirst')).toBe('100000');
  });

  test('keeps the other way open when the gateway ends first', async () => {
    expect(await client('gatewayEndsFirst')).toBe('bye');
    await scene.gateway.idle();
    expect(scene.gateway.received).toEqual([50_000]);
  });

  test('says the line first on each of 200 connections at once, and leaves none', async () => {
    const before = scene.gateway.greeted();
    expect(await client('parallel')).toBe('200');
    expect(scene.gateway.greeted() - before).toBe(200);
    await scene.gateway.idle();
  });

  test('gives a refusal to a client that is still sending', async () => {
    expect(await client('refused')).toBe('20');
  });

  test('ends a connection that the gateway drops', async () => {
    expect(await client('abandoned')).toBe("b''");
  });

  test('lets the gateway know when the client leaves', async () => {
    expect(await client('leaves')).toBe('left');
    await scene.gateway.idle();
  });

  test('holds the gateway back while the client does not read', async () => {
    let waiting = '';
    let sent = 0;
    async function* input() {
      sent = await settled(() => scene.gateway.written());
    }
    await behind(clientArgv('slow'), {
      stdin: input(),
      onStdout: (chunk: Uint8Array) => {
        waiting += chunk;
      },
    });
    expect(waiting).toBe('waiting\n');
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  test('its token is in no argv and no environment that the agent can read', async () => {
    const all = 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null';
    const { stdout } = await behind(['sh', '-c', all], {
      env: { PATH, token: 'mine', port: '1', failed: 'mine' },
    });
    const text = stdout.toString('latin1');
    expect(text).not.toContain(TOKEN);
    expect(text).toContain(`\0token=mine\0`);
    // The relay's own process was among those that were read.
    expect(text).toContain('BOTTLE/1');
  });

  test("the agent's streams, end and settings are its own", async () => {
    const env = { PATH, token: 'a', port: 'b', socket: 'c', failed: 'd', program: 'e' };
    const show = 'cat; echo "$token$port$socket$failed$program$BOTTLE_RELAY_TOKEN" >&2; exit 42';
    const stdin = Buffer.from([0, 10, 255, 13, 10]);
    const { stdout, stderr, exitCode } = await behind(['sh', '-c', show], { env, stdin });
    expect([...stdout]).toEqual([...stdin]);
    expect(stderr.toString()).toBe('abcde\n');
    expect(exitCode).toBe(42);
  });

  test.each([
    ['exit 0', 0],
    ['exit 255', 255],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['exec /no/such/program', 127],
  ])('`%s` ends as %i', async (script, code) => {
    expect((await behind(['sh', '-c', script])).exitCode).toBe(code);
  });

  test('survives what the agent does to its own process group, and ends with it', async () => {
    const trapped = `trap '' TERM; kill -TERM 0; exec ${CLIENT} -c "$1"`;
    const [, , script = ''] = clientArgv('clientEndsFirst');
    expect((await behind(['sh', '-c', trapped, 'sh', script])).text).toBe('100000\n');
    const connect = `import socket; socket.create_connection(('127.0.0.1', ${RELAY_PORT}))`;
    const after = await gather(scene.machine, [CLIENT, '-c', connect]);
    expect(after.stderr.toString()).toContain('ConnectionRefusedError');
  });

  test('a limit and an abort are those of the command', async () => {
    const late = await behind(['sleep', '1000'], { timeoutMs: 1000 });
    expect(late).toMatchObject({ timedOut: true, aborted: false });
    const abort = new AbortController();
    const onStdout = () => abort.abort();
    const ended = await behind(['sh', '-c', 'echo; exec sleep 1000'], {
      signal: abort.signal,
      onStdout,
    });
    expect(ended).toMatchObject({ timedOut: false, aborted: true });
  });
}
