/** Debian's squid as a plain forward proxy: no cache, no checks but one name, a line of log each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../test/upstream/upstream.ts';

const SQUID = '/usr/sbin/squid';
const START_MS = 20_000;

export const NO_SQUID = existsSync(SQUID) ? '' : 'needs squid: apt-get install squid';

export type Squid = { readonly pid: number; readonly port: number; stop(): Promise<void> };

/** `name` leads to 127.0.0.1. */
export async function startSquid(name: string): Promise<Squid> {
  const directory = mkdtempSync(join(tmpdir(), 'squid-'));
  // Started by root, it becomes a user of its own, who writes here.
  chmodSync(directory, 0o777);
  const port = await freePort();
  writeFileSync(join(directory, 'hosts'), `127.0.0.1 ${name}\n`);
  const configuration = `http_port 127.0.0.1:${port}
hosts_file ${directory}/hosts
acl named dstdomain ${name}
http_access allow named
http_access deny all
cache deny all
cache_mem 0 MB
access_log stdio:${directory}/access.log
cache_log ${directory}/cache.log
pid_filename none
coredump_dir none
shutdown_lifetime 0 seconds
`;
  writeFileSync(join(directory, 'squid.conf'), configuration);
  const child = spawn(SQUID, ['-N', '-f', join(directory, 'squid.conf')], { stdio: 'ignore' });
  await answering(port, child);
  return {
    pid: child.pid ?? -1,
    port,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const late = performance.now() + START_MS;
  while (performance.now() < late && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    await delay(50);
  }
  throw new Error(`squid did not come up (exit code ${child.exitCode})`);
}
