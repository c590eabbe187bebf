/** What a bubblewrap bottle keeps from its guest, and what the runner can see of the guest. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BottleError } from '../../src/errors.ts';
import { spawnProcess } from '../../src/host/process.ts';
import { UNPRIVILEGED_ID } from '../../src/machine/bubblewrap/launch.ts';
import type { ExecOptions, Machine } from '../../src/machine/machine.ts';
import { bootBottle, whyNoBottle } from './bottle.ts';
import { engineHost } from './engine-host.ts';
import { gather } from './gather.ts';

const obstacle = await whyNoBottle();
const asRoot = process.getuid?.() === 0;

let machine: Machine;
beforeAll(async () => {
  if (obstacle === '') machine = await bootBottle();
});
afterAll(() => machine?.destroy());

const shell = (script: string, options?: ExecOptions) =>
  gather(machine, ['sh', '-c', script], options);

const wall = (title: string, body: () => Promise<void>) =>
  test(title, (context) => (obstacle === '' ? body() : context.skip(obstacle)));

/** Perl, which each Debian has, connects to what `pack` makes; exit code 0 when it could. */
const connectArgv = (domain: string, pack: string) => [
  ...['perl', '-MSocket', '-e'],
  `socket(S, ${domain}, SOCK_STREAM, 0) or exit 2; connect(S, ${pack}) or exit 1; print <S>`,
];
const connect = (domain: string, pack: string) => gather(machine, connectArgv(domain, pack));

/** From the runner the address can be reached; from the guest it cannot. */
async function expectWall(domain: string, pack: string): Promise<void> {
  const outside = await engineHost().run(connectArgv(domain, pack));
  expect(outside.exitCode).toBe(0);
  expect((await connect(domain, pack)).exitCode).toBe(1);
}

async function listen(server: Server, where: string | number): Promise<Server> {
  await new Promise<void>((resolve) =>
    typeof where === 'string'
      ? server.listen(where, resolve)
      : server.listen(where, '127.0.0.1', resolve),
  );
  return server;
}

describe('network', () => {
  wall('the gateway answers on its socket', async () => {
    const { text } = await connect('PF_UNIX', 'pack_sockaddr_un("/run/bottle/gateway.sock")');
    expect(text).toBe('hello\n');
  });

  wall("the runner's loopback is another one", async () => {
    const server = await listen(
      createServer((socket) => socket.end()),
      0,
    );
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expectWall('PF_INET', `pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))`);
    server.close();
  });

  wall('abstract sockets of the runner are not there', async () => {
    const name = `bottle-test-${process.pid}`;
    const server = await listen(
      createServer((socket) => socket.end()),
      `\0${name}`,
    );
    // Node binds the name alone, without the padding that Perl's pack_sockaddr_un adds.
    await expectWall('PF_UNIX', `pack("S", AF_UNIX) . "\\0${name}"`);
    server.close();
  });

  wall('there is no way out and no name service', async () => {
    const { text } = await shell('tail -n +2 /proc/net/route; cat /etc/resolv.conf');
    expect(text).toBe('');
    for (const address of ['1.1.1.1', '169.254.169.254', '10.0.0.1']) {
      const { exitCode } = await connect(
        'PF_INET',
        `pack_sockaddr_in(80, inet_aton("${address}"))`,
      );
      expect(exitCode).toBe(1);
    }
    expect((await shell('getent hosts example.com')).exitCode).not.toBe(0);
  });
});

describe('files', () => {
  wall('the root holds what a program needs and nothing else', async () => {
    const { text } = await shell('ls /; ls /home; ls /var');
    const system = ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin'];
    expect(text.split('\n').filter((name) => name !== '' && !system.includes(name))).toEqual([
      'dev',
      'etc',
      'home',
      'proc',
      'run',
      'tmp',
      'usr',
      'var',
      'node',
      'tmp',
    ]);
  });

  wall('/etc holds no secret and nobody of the runner', async () => {
    const { text } = await shell('ls /etc /etc/ssl; cat /etc/passwd /etc/hosts; hostname');
    expect(text).not.toMatch(/shadow|private|sudoers|ssh|machine-id|apt|systemd/);
    expect(text).toContain('node:x:1000:1000:node:/home/node:');
    expect(text).toMatch(/\nbottle-test\n$/);
  });

  wall('nothing can be written but home and temporary places', async () => {
    for (const place of ['/', '/usr', '/etc', '/home', '/var', '/usr/local/bin']) {
      const { exitCode, stderr } = await shell(`: >>${place}/x`);
      expect(exitCode).not.toBe(0);
      expect(stderr.toString()).toMatch(/Read-only|Permission denied/);
    }
    expect((await shell('echo x >>/etc/passwd')).exitCode).not.toBe(0);
    for (const place of ['~', '/tmp', '/var/tmp', '/run', '/dev/shm']) {
      expect((await shell(`echo x >${place}/x && cat ${place}/x`)).text).toBe('x\n');
    }
  });

  wall('/run and /dev/shm are fresh for each command', async () => {
    await shell('touch /run/mark /dev/shm/mark');
    expect((await shell('ls /run /dev/shm')).text).toBe('/dev/shm:\n\n/run:\nbottle\n');
  });

  wall('standard streams can be opened by name', async () => {
    const { text, stderr } = await shell(
      'echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin',
      {
        stdin: Buffer.from('in'),
      },
    );
    expect([text, stderr.toString()]).toEqual(['out\nin', 'err\n']);
  });
});

describe('processes', () => {
  wall('the guest sees its own', async () => {
    const { text } = await shell('cd /proc; echo [0-9]*; tr "\\0" " " </proc/1/environ');
    const [pids = '', environment = ''] = text.split('\n');
    expect(pids.split(' ').length).toBeLessThan(6);
    expect(environment).not.toMatch(/HOME|GITHUB|RUNNER|USER/);
  });

  wall('its environment is what it was given, and who it is', async () => {
    const { text } = await gather(machine, ['env'], { env: { GIVEN: 'yes' } });
    expect(text.trim().split('\n').sort()).toEqual([
      'GIVEN=yes',
      'HOME=/home/node',
      'LOGNAME=node',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'PWD=/home/node',
      'USER=node',
    ]);
  });

  wall('no descriptor of the runner goes in', async () => {
    const leaking = ['bash', '--norc', '-c', 'exec 9</etc/hostname 200>&1; exec "$@"', 'leaking'];
    const host = engineHost({
      spawn: (argv, options) => spawnProcess([...leaking, ...argv], options),
    });
    const other = await bootBottle({ host });
    const { text } = await gather(other, ['ls', '/proc/self/fd']);
    await other.destroy();
    // The last is the directory that `ls` reads.
    expect(text).toBe('0\n1\n2\n3\n');
  });

  wall('it has no rights and can get none', async () => {
    const { text } = await shell(
      'grep -E "^(Cap|NoNew)" /proc/self/status; unshare -Ur true || echo no',
    );
    expect(text.match(/^Cap.*\s0+$/gm)).toHaveLength(5);
    expect(text).toContain('NoNewPrivs:\t1');
    expect(text).toContain('no\n');
  });

  wall('the runner can read no value of the environment, but in the guest itself', async () => {
    const secret = `value-${Math.random().toString(36).slice(2)}`;
    const ready = Promise.withResolvers<void>();
    const abort = new AbortController();
    const running = shell('echo ready; sleep 1000', {
      env: { PLAIN: secret },
      secretEnv: { SECRET: secret },
      signal: abort.signal,
      onStdout: () => ready.resolve(),
    });
    await ready.promise;
    const found = processes().filter(({ cmdline, environ }) =>
      `${cmdline}${environ}`.includes(secret),
    );
    abort.abort();
    await running;
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ nested }) => !nested)).toEqual([]);
    expect(found.filter(({ cmdline }) => cmdline.includes(secret))).toEqual([]);
    const id = asRoot ? UNPRIVILEGED_ID : process.getuid?.();
    expect(new Set(found.map(({ uid }) => uid))).toEqual(new Set([id]));
  });
});

describe('what is refused', () => {
  const failure = (options: ExecOptions): Promise<BottleError> =>
    shell('true', options).then(
      () => expect.unreachable(),
      (error) => error,
    );

  wall('options smuggled in through a value', async () => {
    const error = await failure({ env: { A: 'hidden\0--bind\0/\0/runner' } });
    expect(error.outcome).toBe('config-invalid');
    expect(error.message).toContain('variable "A"');
    expect(error.message).not.toContain('hidden');
    expect((await failure({ cwd: '/tmp\0--bind' })).outcome).toBe('config-invalid');
  });

  wall('a name that is none', async () => {
    expect((await failure({ secretEnv: { 'A=B': 'hidden' } })).message).not.toContain('hidden');
  });

  wall('root', async () => {
    expect((await failure({ user: 'root' })).message).toContain('no root');
  });

  wall('a directory that is not there', async () => {
    const error = await failure({ cwd: '/no/such' });
    expect(error.outcome).toBe('provision-failed');
    expect(error.where).toContain('/no/such');
  });
});

type Seen = { cmdline: string; environ: string; nested: boolean; uid: number };

/** All processes that this one can read. */
function processes(): Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => {
      try {
        const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
        const status = read('status');
        return [
          {
            cmdline: read('cmdline'),
            environ: read('environ'),
            nested: (/^NSpid:(.*)$/m.exec(status)?.[1] ?? '').trim().split(/\s+/).length > 1,
            uid: Number(/^Uid:\t(\d+)/m.exec(status)?.[1]),
          },
        ];
      } catch {
        return [];
      }
    });
}
