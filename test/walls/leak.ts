/** A machine with a network in which exactly one thing can be reached that must not be. */

import { spawnProcess } from '../../src/host/process.ts';
import type { ExecOptions, Machine } from '../../src/machine/machine.ts';

/**
 * Arguments: transport, address and port (0: that of the runner), then the command. Listens there,
 * on an interface of the machine's own, and runs the command beside it.
 */
const LEAK = `
import socket, subprocess, sys, threading
transport, address, port, *command = sys.argv[1:]
probes = command[command.index('bottle-walls'):]
runner = probes[probes.index('127.0.0.1') + 1]
port = int(port) or int(runner)
for words in (['link', 'set', 'lo', 'up'], ['addr', 'add', address, 'dev', 'lo', 'nodad']):
    subprocess.run(['ip', *words], stderr=subprocess.DEVNULL)
family = socket.AF_INET6 if transport == 'tcp6' else socket.AF_INET
kind = socket.SOCK_DGRAM if transport == 'udp4' else socket.SOCK_STREAM
server = socket.socket(family, kind)
server.bind((address, port))
def answer():
    while True:
        _, client = server.recvfrom(512)
        server.sendto(b'here', client)
if transport == 'udp4':
    threading.Thread(target=answer, daemon=True).start()
else:
    server.listen()
sys.exit(subprocess.call(command))
`;

export type Leak = { readonly transport: string; readonly address: string; readonly port: number };

/** `socket`: the gateway's, on this machine. */
export function leakyMachine(socket: string, leak?: Leak): Machine {
  const walls = [
    ...['bwrap', '--unshare-user', '--uid', '0', '--gid', '0', '--cap-add', 'CAP_NET_ADMIN'],
    ...['--unshare-pid', '--unshare-net', '--die-with-parent', '--dev-bind', '/', '/'],
    ...['--proc', '/proc', '--tmpfs', '/run', '--bind', socket, '/run/bottle/gateway.sock'],
    '--',
  ];
  return machineOf(async (argv, options) => {
    const hole =
      leak === undefined
        ? []
        : ['/usr/bin/python3', '-c', LEAK, leak.transport, leak.address, String(leak.port)];
    return await run([...walls, ...hole, ...argv], options);
  });
}

/** On this machine's own network. */
export function openMachine(socket: string): Machine {
  const walls = ['bwrap', '--dev-bind', '/', '/', '--unshare-pid', '--proc', '/proc'];
  const place = ['--tmpfs', '/run', '--bind', socket, '/run/bottle/gateway.sock', '--'];
  return machineOf((argv, options) => run([...walls, ...place, ...argv], options));
}

export function machineOf(exec: Machine['exec']): Machine {
  return {
    ...{ name: 'leak', engine: 'bubblewrap', isolation: 'namespaces', engineVersion: '0', exec },
    stop: async () => {},
    destroy: async () => {},
  };
}

async function run(argv: readonly string[], options: ExecOptions = {}) {
  const { onStdout, onStderr, signal, timeoutMs, secretEnv } = options;
  const child = await spawnProcess(argv, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', ...secretEnv },
    ...(onStdout && { onStdout }),
    ...(onStderr && { onStderr }),
    ...(signal && { signal }),
    ...(timeoutMs && { timeoutMs }),
  });
  const { exitCode, timedOut, aborted, durationMs } = await child.exit;
  return { exitCode: exitCode ?? 137, timedOut, aborted, durationMs };
}
