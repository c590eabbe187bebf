/** A real sshd for the user who runs the tests, to which the deploy keys of a Gitea are the only ones. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { listen } from '../upstream/upstream.ts';
import type { Gitea } from './gitea.ts';

const PROGRAM = '/usr/sbin/sshd';

/** Why there is none; empty when there is. */
export const NO_SSHD = existsSync(PROGRAM) ? '' : 'needs sshd: apt-get install openssh-server';

export type SshServer = {
  readonly port: number;
  readonly user: string;
  /** As in a known_hosts file, after the host. */
  readonly hostKey: string;
  close(): Promise<void>;
};

/** Takes `git-upload-pack '/me/site.git'` and the like; git's own quoting is all that is undone. */
const SERVE = `#!/bin/bash
cd "$2" || exit
read -r program path <<<"$SSH_ORIGINAL_COMMAND"
[[ $program =~ ^git-($1)-pack$ ]] || { echo 'read only' >&2; exit 1; }
path=\${path//\\'/}
exec "$program" "\${path#/}"
`;

/** The repositories are below `directory`. With a key that is read-only, git can only fetch. */
export async function startSshServer(directory: string, gitea: Gitea): Promise<SshServer> {
  const file = (name: string) => join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('host')]);
  writeFileSync(file('serve'), SERVE, { mode: 0o700 });
  const authorize = () => {
    const lines = gitea.keys.map(({ key, read_only }) => {
      const programs = read_only ? 'upload' : 'upload|receive';
      return `restrict,command="${file('serve')} '${programs}' ${directory}" ${key}\n`;
    });
    writeFileSync(file('authorized'), lines.join(''));
  };
  authorize();
  gitea.onChange = authorize;
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('authorized')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
  ];
  writeFileSync(file('config'), `${settings.join('\n')}\n`);
  // Where root's sshd separates its privileges.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn(PROGRAM, ['-D', '-e', '-f', file('config')], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await untilListening(port);
  return {
    port,
    user: userInfo().username,
    hostKey: readFileSync(file('host.pub'), 'utf8').split(' ').slice(0, 2).join(' '),
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    if (Date.now() > deadline) throw new Error('sshd does not listen');
  }
}
