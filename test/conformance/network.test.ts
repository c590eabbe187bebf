/** Statements 59 to 63: network and sockets. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { expectOk, expectRefusal, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

statement(59, 'without --net there is no route', ['machine'], async () => {
  await smolvm.boot('a59');
  const { stdout } = await expectOk(smolvm.exec('a59', '--', 'cat', '/proc/net/route'));
  expect(stdout.trim().split('\n')).toHaveLength(1);
});

statement(59, '--allow-host lets one name through, and what is denied is listed', ['internet']);

statement(60, '--allow-cidr of the gateway reaches the host (1.7.2 to 1.12)', ['internet']);

statement(61, 'the metadata address is closed whatever is allowed', ['internet']);

statement(62, 'a published port belongs to one machine', ['machine'], async () => {
  await smolvm.boot('a62', '-p', '18080:80');
  const other = ['machine', 'create', '--name', 'a62-2', '--mem', '512', '-p', '18080:80'];
  await expectOk(smolvm.run(other));
  await expectRefusal(
    smolvm.machine('start', '--name', 'a62-2'),
    "already in use by running machine 'a62'",
  );
});

statement(62, 'a published port connects on the loopback alone', ['internet']);

const CONNECT = [
  'if command -v perl >/dev/null; then',
  "  perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new(shift)->getline' /run/s",
  'elif command -v socat >/dev/null; then socat -u UNIX-CONNECT:/run/s -',
  'else nc -U /run/s </dev/null; fi',
].join('\n');

statement(63, '--mount-socket reaches its listener without a network', ['pack'], async () => {
  const path = join(smolvm.root, 'h.sock');
  const listener = createServer((connection) => connection.end('hello\n'));
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  await smolvm.boot('a63', '--mount-socket', `${path}:/run/s`);
  await smolvm.boot('a63-from', '--mount-socket', `${path}:/run/s`, '--from', await smolvm.image());
  for (const name of ['a63', 'a63-from']) {
    const { stdout } = await smolvm.exec(name, '--', 'sh', '-c', CONNECT);
    expect(stdout).toBe('hello\n');
  }
  listener.close();
});
