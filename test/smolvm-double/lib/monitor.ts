/**
 * The machine monitor: the process that is the machine while it runs, like smolvm's `_boot-vm`. It
 * holds the guest, relays the mounted sockets and answers on `agent.sock`. When it dies, the guest
 * does.
 */
import { chmodSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { milliseconds } from './fault.ts';
import { bootGuest, type GuestConfig } from './guest.ts';
import { machineFiles } from './layout.ts';
import { killProcess } from './machine.ts';

/**
 * Runs until the guest ends or SIGTERM comes. The file with the guest's configuration, whose
 * `sockets` name the runner's own, is deleted once it was read.
 */
export async function runMonitor(configPath: string): Promise<number> {
  const config = JSON.parse(readFileSync(configPath, 'utf8')) as GuestConfig;
  rmSync(configPath);
  const files = machineFiles(config.name);
  writeFileSync(files.pid, String(process.pid));
  await delay(milliseconds('SMOLVM_DOUBLE_BOOT_MS', 0));
  const sockets = await Promise.all(
    config.sockets.map(async ({ host, guest }, index) => {
      const relay = `${files.directory}/m${index}.sock`;
      await listen(relayTo(host), relay);
      chmodSync(relay, 0o755);
      return { host: relay, guest };
    }),
  );
  const guest = await bootGuest({ ...config, sockets }, openSync(files.console, 'a'));
  writeFileSync(files.guestPid, String(guest.pid));
  await listen(answering(), files.socket);
  return await new Promise((resolve) => {
    process.once('SIGTERM', () => {
      guest.process.kill('SIGKILL');
      killProcess(guest.pid);
      resolve(0);
    });
    guest.process.once('exit', () => resolve(1));
  });
}

function relayTo(host: string): Server {
  return createServer({ allowHalfOpen: true }, (inside) => {
    const outside = connect({ path: host, allowHalfOpen: true });
    inside.pipe(outside).pipe(inside);
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
  });
}

/** The agent: says that it is there. */
function answering(): Server {
  return createServer((client) => {
    client.on('error', () => {});
    client.end('ready');
  });
}

async function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
