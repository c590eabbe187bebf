/** What the gateway is told of the guest's remotes: the plan's, with the secrets and the checkout. */
import { access, constants, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readCredential } from './credential.ts';
import { makeDeployKey } from './deploy-key.ts';
import { BottleError } from './errors.ts';
import type { GitAccess, GitGateConfig, GitRepository, GitSeed } from './gateway/protocol.ts';
import type { Host, HostPath } from './host/host.ts';
import type { RemotePlan } from './plan/git-plan.ts';
import type { Plan } from './plan/plan.ts';
import { makeGit } from './trust/git.ts';

/**
 * `directory`: for the gate's repositories. `scratch`: exists. `deployKeys`: for those made for the
 * run of this id. `token`: the input.
 */
export type GatePlaces = {
  readonly directory: HostPath;
  readonly scratch: HostPath;
  readonly deployKeys: HostPath;
  readonly token: string;
};

/**
 * Undefined where there is nothing to serve, or no git to serve it.
 *
 * @throws {BottleError} `config-invalid`: a credential is unusable.
 */
export async function gateRequest(
  host: Host,
  { git, provision, runId }: Plan,
  { directory, scratch, deployKeys, token }: GatePlaces,
): Promise<GitGateConfig | undefined> {
  if (git.remotes.length === 0) return undefined;
  const program = host.which('git');
  if (program === undefined || !(await isNewEnough(host, program))) {
    const found = program === undefined ? 'no git' : 'a git before 2.37';
    host.log.warning(
      `The guest has no remotes: the runner has ${found}. Install a newer one on it.`,
    );
    return undefined;
  }
  const seed = await findSeed(host, program, provision.workspace.from, scratch);
  const repositories = git.remotes.map(async (remote) => ({
    ...(await repositoryOf(host, remote, { token, deployKeys, runId })),
    ...(remote.name === git.origin && seed && { seed }),
  }));
  return {
    program,
    path: host.env.PATH ?? '',
    directory,
    rules: git.policy.value,
    repositories: await Promise.all(repositories),
  };
}

/** An older git goes where DNS leads it at that moment: it does not know `http.curloptResolve`. */
async function isNewEnough(host: Pick<Host, 'run'>, program: HostPath): Promise<boolean> {
  const { stdout } = await host.run([program, '--version']);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 37);
}

type Given = Pick<GatePlaces, 'token' | 'deployKeys'> & Pick<Plan, 'runId'>;

async function repositoryOf(host: Host, remote: RemotePlan, given: Given): Promise<GitRepository> {
  const { name, url, push, allowForce, refs } = remote;
  return {
    name,
    url: url.value,
    access: await accessTo(host, remote, given),
    push: push.value,
    allowForce: allowForce.value,
    refs: refs.value,
  };
}

async function accessTo(
  host: Host,
  { name, credential: { value: credential, source }, hostKey, push }: RemotePlan,
  { token, deployKeys, runId }: Given,
): Promise<GitAccess> {
  switch (credential.kind) {
    case 'none':
      return { kind: 'none' };
    case 'workflow-token':
      return { kind: 'token', name: 'input token', value: token };
    case 'token': {
      const value = readCredential(host, credential.name, { what: `the remote ${name}`, source });
      return { kind: 'token', name: credential.name, value };
    }
    case 'key-file': {
      const key = credential.path.replace(/^~(?=\/)/, homedir());
      await checkReadable(key, name, source);
      return { kind: 'ssh', key, hostKey: hostKey.value };
    }
    case 'deploy-key': {
      // Without a host key nothing goes over ssh, and nobody needs one of ours.
      if (hostKey.value === '') return { kind: 'none' };
      const readOnly = push.value !== 'forward';
      const request = { ...credential, remote: name, title: `${runId} ${name}`, readOnly, source };
      return {
        kind: 'ssh',
        key: await makeDeployKey(host, deployKeys, request),
        hostKey: hostKey.value,
      };
    }
  }
}

/** The checkout's objects, where they are whole: a partial clone lacks files of its own history. */
async function findSeed(
  host: Host,
  program: HostPath,
  workspace: HostPath,
  scratch: HostPath,
): Promise<GitSeed | undefined> {
  const git = makeGit(host, program, scratch);
  const top = resolve(host.env.GITHUB_WORKSPACE ?? workspace);
  const options = { cwd: workspace, env: { GIT_CEILING_DIRECTORIES: dirname(top) } };
  const places = ['--git-path', 'objects', '--git-path', 'shallow'];
  const asked = await git.ask(['rev-parse', ...places, '--verify', 'HEAD^{commit}'], options);
  const lines = asked.stdout.toString().split('\n');
  const [objects = '', shallow = '', commit = ''] = lines;
  if (asked.exitCode !== 0 || commit === '') return undefined;
  const seed = {
    objects: resolve(workspace, objects),
    shallow: resolve(workspace, shallow),
    commit,
  };
  return (await isPartial(seed.objects)) ? undefined : seed;
}

async function isPartial(objects: HostPath): Promise<boolean> {
  const names = await readdir(join(objects, 'pack')).catch(() => []);
  return names.some((name) => name.endsWith('.promisor'));
}

async function checkReadable(key: HostPath, name: string, source: string): Promise<void> {
  try {
    await access(key, constants.R_OK);
  } catch {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `The private key for the remote "${name}" cannot be read`,
      where: `${key}, ${source}`,
      fix: 'Write the key to that file in a step before this one, readable by the runner alone.',
    });
  }
}
