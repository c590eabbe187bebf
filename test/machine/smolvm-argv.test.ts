/** What smolvm is asked, argument by argument. */
import { describe, expect, test } from 'vitest';
import type { MachineSpec } from '../../src/machine/machine.ts';
import {
  checkSocketFlag,
  createArgv,
  deleteArgv,
  execArgv,
  listArgv,
  startArgv,
  stopArgv,
} from '../../src/machine/smolvm/argv.ts';

const SPEC: MachineSpec = {
  name: 'bottle-demo-abc12',
  image: { kind: 'smolmachine', path: '/images/x.smolmachine' },
  cpus: 3,
  memoryMib: 2048,
  storageGib: 10,
  user: { name: 'node', uid: 1000, gid: 1000, home: '/home/node' },
  socket: { host: '/run/g.sock', guest: '/run/bottle/gateway.sock' },
  stateDir: '/tmp/m',
  labels: { 'bottle.run': 'demo-abc12', kind: 'agent' },
};

describe('argv', () => {
  test.each([
    ['start', startArgv('a'), 'machine start --name a'],
    ['stop', stopArgv('a'), 'machine stop --name a'],
    ['delete', deleteArgv('a'), 'machine delete --name a -f'],
    ['ls', listArgv(), 'machine ls --json'],
    [
      'create',
      createArgv(SPEC, '/images/x.smolmachine'),
      'machine create --name bottle-demo-abc12 --from /images/x.smolmachine --cpus 3 --mem 2048 ' +
        '--storage 10 --mount-socket /run/g.sock:/run/bottle/gateway.sock ' +
        '--label bottle.run=demo-abc12 --label kind=agent',
    ],
    [
      'exec that streams',
      execArgv({
        name: 'a',
        interactive: true,
        timeoutSeconds: 90,
        variables: ['BOTTLE_ENV_0', 'BOTTLE_ENV_1'],
        argv: ['/bin/sh', '-c', 'true'],
      }),
      'machine exec --name a --workdir / --timeout 90s -i --secret-env BOTTLE_ENV_0=BOTTLE_ENV_0 ' +
        '--secret-env BOTTLE_ENV_1=BOTTLE_ENV_1 -- /bin/sh -c true',
    ],
    [
      'exec that collects',
      execArgv({ name: 'a', interactive: false, timeoutSeconds: 15, variables: [], argv: ['id'] }),
      'machine exec --name a --workdir / --timeout 15s -- id',
    ],
  ])('%s', (_, argv, expected) => {
    expect(argv.join(' ')).toBe(expected);
  });

  test('create asks for no network', () => {
    const network =
      /^(-p|--port|--net.*|--allow-.*|--dns|--outbound-.*|--expose-socket|-v|--volume)$/;
    expect(createArgv(SPEC, '/x').filter((word) => network.test(word))).toEqual([]);
  });

  test.each([
    ['/run/a:b.sock', '/run/s'],
    ['/run/a.sock', '/run/s;x'],
    ['/run/a.sock', '/run/s|x'],
  ])('a socket %s → %s cannot be passed on', (host, guest) => {
    expect(() => checkSocketFlag({ ...SPEC, socket: { host, guest } })).toThrow(/character/);
  });
});
