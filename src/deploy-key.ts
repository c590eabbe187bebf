/** Deploy keys of Gitea and Forgejo: made for one run, taken back after it. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCredential } from './credential.ts';
import { BottleError, messageOf } from './errors.ts';
import { type ApiAnswer, type ApiClient, makeApiClient } from './github/client.ts';
import type { Host, HostPath } from './host/host.ts';
import type { DeployKeyPlan } from './plan/git-plan.ts';
import { printable } from './printable.ts';

export type DeployKeyRequest = DeployKeyPlan & {
  /** The gate's name for it, safe in a path. */
  readonly remote: string;
  /** By which the server shows the key, and we find it again. */
  readonly title: string;
  readonly readOnly: boolean;
  /** Where it was asked for. */
  readonly source: string;
};

/** What is needed to take it back, kept beside the private key: no secret. */
type Kept = Pick<DeployKeyRequest, 'api' | 'repository' | 'tokenName' | 'title'>;

const PAGE = 50;
const MAX_PAGES = 40;

export const deployKeysIn = (stepDirectory: HostPath): HostPath =>
  join(stepDirectory, 'deploy-keys');

/**
 * Makes a key and tells the server of it. How to take it back is written down before that.
 *
 * @returns the file of the private key.
 * @throws {BottleError} `config-invalid`: the token is empty, or the server does not take the key.
 */
export async function makeDeployKey(
  host: Host,
  directory: HostPath,
  request: DeployKeyRequest,
): Promise<HostPath> {
  const { api, repository, tokenName, title, remote, readOnly, source } = request;
  const token = readCredential(host, tokenName, { what: `the remote ${remote}`, source });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, remote);
  const publicKey = await generateKey(host, file, title);
  const kept: Kept = { api, repository, tokenName, title };
  await writeFile(`${file}.json`, JSON.stringify(kept), { mode: 0o600 });
  const client = clientOf(host, kept, token);
  const body = { title, key: publicKey, read_only: readOnly };
  // Asked twice, a server that took it the first time would say that it knows the key.
  const path = keysPath(repository);
  const answer = await client.call('POST', path, { body, once: true }).catch((error) => {
    throw notTaken(request, messageOf(error));
  });
  if (answer.status !== 201) throw notTaken(request, said(answer));
  host.log.info(`Made a deploy key for ${repository}, "${title}".`);
  return file;
}

/** Tolerates that there are none; a key that stays is a warning, which names it. */
export async function removeDeployKeys(
  host: Pick<Host, 'env' | 'log'>,
  directory: HostPath,
): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const file = join(directory, name);
    const kept = JSON.parse(await readFile(file, 'utf8')) as Kept;
    try {
      await takeBack(host, kept);
      await rm(file, { force: true });
    } catch (error) {
      host.log.warning(
        `The deploy key "${kept.title}" of ${kept.repository} may still be there ` +
          `(${kept.api}: ${messageOf(error)}). Remove it in the repository's settings.`,
      );
    }
  }
}

/** By its title: whether the server has taken it at all, nobody may have been told. */
async function takeBack(host: Pick<Host, 'env' | 'log'>, kept: Kept): Promise<void> {
  const { repository, tokenName, title } = kept;
  const client = clientOf(host, kept, (host.env[tokenName] ?? '').trim());
  for (const id of await findKeys(client, repository, title)) {
    const answer = await client.call('DELETE', `${keysPath(repository)}/${id}`);
    if (answer.status !== 204 && answer.status !== 404) throw new Error(said(answer));
    host.log.info(`Took back the deploy key "${title}" of ${repository}.`);
  }
}

async function findKeys(client: ApiClient, repository: string, title: string): Promise<number[]> {
  const found: number[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await client.call('GET', `${keysPath(repository)}?page=${page}&limit=${PAGE}`);
    if (answer.status !== 200 || !Array.isArray(answer.body)) throw new Error(said(answer));
    const keys: readonly Partial<{ id: unknown; title: unknown }>[] = answer.body;
    for (const { id, title: its } of keys)
      if (its === title && Number.isSafeInteger(id)) found.push(Number(id));
    // A server may show fewer on a page than it was asked for.
    if (keys.length === 0) break;
  }
  return found;
}

/** It ends by its own time: a key is taken back after a cancellation, too. */
function clientOf({ env }: Pick<Host, 'env'>, { api }: Kept, token: string): ApiClient {
  const never = new AbortController().signal;
  const server = { api, source: 'the API of a deploy key' };
  return makeApiClient({ env, cancelled: never }, token, { server, longestPauseMs: 10_000 });
}

const keysPath = (repository: string) =>
  `/repos/${repository.split('/').map(encodeURIComponent).join('/')}/keys`;

/** ssh-keygen(1), in whose format ssh reads it. The line of the public key, without its comment. */
async function generateKey(host: Host, file: HostPath, title: string): Promise<string> {
  const program = host.which('ssh-keygen');
  const made =
    program === undefined
      ? { exitCode: 127, stderr: 'it is not on PATH' }
      : await host.run([program, '-q', '-t', 'ed25519', '-N', '', '-C', title, '-f', file]);
  if (made.exitCode !== 0) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `ssh-keygen made no key: ${made.stderr.trim()}`,
      where: file,
      fix: 'Install the OpenSSH client on the runner (Debian: openssh-client).',
    });
  }
  const [type = '', key = ''] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return `${type} ${key}`;
}

function notTaken({ api, repository, tokenName, source }: DeployKeyRequest, why: string) {
  return new BottleError({
    outcome: 'config-invalid',
    what: `No deploy key could be made for ${repository}: ${why}`,
    where: `${api}, with the variable ${tokenName}, ${source}`,
    fix: 'The token needs to write to the repository (scope write:repository) as its administrator.',
  });
}

/** The status, and the server's message where there is one. */
function said({ status, body }: ApiAnswer): string {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === 'string' ? `${status}, ${printable(message)}` : `status ${status}`;
}
