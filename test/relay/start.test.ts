/** How a relay is started: in every shell, and what is said when it cannot. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecOptions, Machine } from '../../src/machine/machine.ts';
import {
  execBehindRelay,
  GATEWAY_SOCKET,
  proxyEnvironment,
  RELAY_PORT,
} from '../../src/relay/relay.ts';
import { startArgv, TOKEN_VARIABLE } from '../../src/relay/start.ts';
import { engineHost } from '../machine/engine-host.ts';
import { gather } from '../machine/gather.ts';
import { CLIENT } from './client.ts';
import { TOKEN } from './gateway.ts';
import { ENGINES, gatherBehindRelay, onlyWith, PROGRAMS, type Scene, whyNot } from './scene.ts';

/** Holds the relay's port, then runs the command that follows. */
const OCCUPY = `
import socket, subprocess, sys
other = socket.socket()
other.bind(('127.0.0.1', ${RELAY_PORT}))
other.listen()
sys.exit(subprocess.call(sys.argv[1:]))
`;

const { obstacle, open } = ENGINES.bubblewrap;
const reason = obstacle || PROGRAMS.map(whyNot).find((why) => why !== '') || '';

if (reason === '') describe('the start of a relay', describeStart);
else test('the start of a relay', (context) => context.skip(reason));

function describeStart(): void {
  let scene: Scene;
  let machine: Machine;
  beforeAll(async () => {
    scene = await open();
    machine = scene.machine;
  });
  afterAll(() => scene?.close());

  const shells = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']];
  test.for(shells)('%s starts one', async ([name = '', ...options], context) => {
    const shell = engineHost().which(name);
    if (shell === undefined) return context.skip(`needs ${name}: apt-get install ${name}`);
    const say = startArgv(RELAY_PORT, GATEWAY_SOCKET, ['sh', '-c', 'echo "$BOTTLE_RELAY"']).slice(
      1,
    );
    const secretEnv = { [TOKEN_VARIABLE]: TOKEN };
    const result = await gather(machine, [shell, ...options, ...say], { secretEnv });
    expect(result.text).toBe('python3\n');
    expect(result.stderr.toString()).toBe('bottle-relay: listening\n');
  });

  test.for(PROGRAMS)('takes the next one when one before %s does not work', async (program) => {
    const before = PROGRAMS.slice(0, PROGRAMS.indexOf(program));
    const PATH = await onlyWith(machine, [program]);
    const broken = 'cd "$0" && for name; do echo "exit 1" >"$name"; chmod +x "$name"; done';
    await machine.exec(['sh', '-c', broken, PATH, ...before]);
    const { text } = await gatherBehindRelay(machine, ['sh', '-c', 'echo "$BOTTLE_RELAY"'], {
      env: { PATH },
    });
    expect(text).toBe(`${program}\n`);
  });

  test('without a program for it ends with the way to add one', async () => {
    const PATH = await onlyWith(machine, []);
    const ran = gatherBehindRelay(machine, ['sh', '-c', 'echo ran >&2'], { env: { PATH } });
    await expect(ran).rejects.toMatchObject({
      outcome: 'provision-failed',
      fix: expect.stringContaining('apt-get install -y socat'),
    });
  });

  test('does not take somebody else on its port for a relay', async () => {
    const occupied = {
      ...machine,
      exec: (argv: readonly string[], options?: ExecOptions) =>
        machine.exec([CLIENT, '-c', OCCUPY, ...argv], options),
    };
    const error = await gatherBehindRelay(occupied, ['echo', 'ran']).catch((thrown) => thrown);
    expect(error).toMatchObject({ outcome: 'provision-failed' });
    for (const program of PROGRAMS) {
      expect(error.what).toMatch(new RegExp(`${program}: [^.]*in use`, 'i'));
    }
  });

  test('does not wait for ever', async () => {
    const PATH = await onlyWith(machine, ['dash', 'true']);
    const hang = 'printf "#!/bin/sh\\nsleep 1000\\n" >"$0/python3"; chmod +x "$0/python3"';
    await machine.exec(['sh', '-c', hang, PATH]);
    const ran = gatherBehindRelay(machine, ['echo', 'ran'], { env: { PATH }, startMs: 300 });
    await expect(ran).rejects.toMatchObject({
      outcome: 'provision-failed',
      where: expect.stringContaining('nothing after 300 ms'),
    });
  });

  test('does not read on and on what a broken image says', async () => {
    const noisy = {
      ...machine,
      exec: (_: readonly string[], options?: ExecOptions) =>
        machine.exec(['sh', '-c', 'yes >&2'], options),
    };
    const ran = execBehindRelay(noisy, ['echo', 'ran'], { token: TOKEN });
    await expect(ran).rejects.toMatchObject({ outcome: 'provision-failed' });
  });

  test('is not misled by what stands in the agent’s own stderr', async () => {
    const say = "printf 'bottle-relay: listening\\nmore' >&2";
    const { stderr } = await gatherBehindRelay(machine, ['sh', '-c', say]);
    expect(stderr.toString()).toBe('bottle-relay: listening\nmore');
  });

  test.for([
    ['curl', `curl -s -o /dev/null -w '%{http_code}' http://bottle.invalid/`],
    ['wget', 'wget -q -S -O /dev/null http://bottle.invalid/ 2>&1 | grep -o " 403 "'],
    ['git', 'git ls-remote http://bottle.invalid/x 2>&1 | grep -o " 403"'],
  ])('%s goes through it', async ([name = '', script = ''], context) => {
    if (engineHost().which(name) === undefined) return context.skip(`needs ${name}`);
    const env = proxyEnvironment();
    const { text } = await gatherBehindRelay(machine, ['sh', '-c', script], { env });
    expect(text.trim()).toBe('403');
  });
}
