/** GitHub's artifact and cache services. Their clients are loaded at first use: they cost 140 ms. */
import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { HostPath, ListedArtifact, OtherRun, Services } from './host.ts';

export function createServices(): Services {
  const { env } = process;
  const run = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
  return {
    prepareUpload: async () => {
      // What is missing is missed when it is used.
      await import('@actions/artifact').catch(() => {});
    },
    uploadArtifact: async (name, files, root, { raw = false, ...options }) => {
      const { DefaultArtifactClient } = await import('@actions/artifact');
      const uploaded = await new DefaultArtifactClient().uploadArtifact(name, [...files], root, {
        ...options,
        skipArchive: raw,
      });
      const id = String(uploaded.id ?? '');
      return {
        id,
        url: `${run}/artifacts/${id}`,
        digest: uploaded.digest === undefined ? '' : `sha256:${uploaded.digest}`,
        size: uploaded.size ?? 0,
      };
    },
    listArtifacts: async (name) => {
      const { ArtifactNotFoundError, DefaultArtifactClient } = await import('@actions/artifact');
      const client = new DefaultArtifactClient();
      if (name === undefined) {
        return (await client.listArtifacts({ latest: true })).artifacts.map(listed);
      }
      try {
        return [listed((await client.getArtifact(name)).artifact)];
      } catch (error) {
        if (error instanceof ArtifactNotFoundError) return [];
        throw error;
      }
    },
    downloadArtifact: async ({ id, name, size, digest }, directory, maxBytes, from) => {
      if (size > maxBytes) throw new Error(`it has ${size} bytes, more than ${maxBytes}`);
      const { DefaultArtifactClient } = await import('@actions/artifact');
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const { digestMismatch } = await new DefaultArtifactClient().downloadArtifact(Number(id), {
        path: directory,
        skipDecompress: true,
        ...(digest === '' ? {} : { expectedHash: digest }),
        ...(from && { findBy: findBy(from) }),
      });
      if (digestMismatch) throw new Error(`the digest of ${name} is not the listed one`);
      const [file] = await readdir(directory);
      if (file === undefined) throw new Error('nothing came');
      return join(directory, file);
    },
    attest: async ({ subject, predicateType, predicate }, token) => {
      const { attest } = await import('@actions/attest');
      const { bundle } = await attest({
        subjects: [...subject],
        predicateType,
        predicate,
        token,
        // Signing must not be lost where storing fails; the client would throw for both.
        skipWrite: true,
      });
      return { bundle, stored: await storeAttestation(bundle, token) };
    },
    restoreCache: async (paths, key, { tools, lookupMs } = {}) => {
      const cache = await import('@actions/cache');
      // The service matches keys by prefix; only the exact one is ours.
      const restore = async (lookupOnly: boolean) =>
        (await cache.restoreCache([...paths], key, [], { lookupOnly })) === key;
      return await withTools(tools, async () => {
        if (lookupMs === undefined) return await restore(false);
        return (await withinTime(restore(true), lookupMs)) && (await restore(false));
      });
    },
    saveCache: async (paths, key, { tools } = {}) => {
      const cache = await import('@actions/cache');
      return await withTools(tools, async () => {
        return (await cache.saveCache([...paths], key)) !== -1;
      });
    },
  };
}

type Found = {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly digest?: string;
};

function listed({ id, name, size, digest = '' }: Found): ListedArtifact {
  return { id: String(id), name, size, digest };
}

function findBy({ workflowRun: workflowRunId, repository, token }: OtherRun) {
  const [repositoryOwner = '', repositoryName = ''] = repository.split('/');
  return { token, workflowRunId, repositoryOwner, repositoryName };
}

/** Why GitHub did not take it; empty when it did. */
async function storeAttestation(bundle: unknown, token: string): Promise<string> {
  const { env } = process;
  const url = `${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}/attestations`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'bottle-action',
      },
      body: JSON.stringify({ bundle }),
      signal: AbortSignal.timeout(20_000),
    });
    await response.body?.cancel();
    return response.ok ? '' : `GitHub answered ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The client asks a service that is down for 33 s. One that only looks up can be left to itself: it
 * goes on asking, and whatever it learns it does no more.
 */
async function withinTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`no answer in ${milliseconds} ms`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The client looks its programs up in the process's own environment, so that is where they go. The
 * host's `env` is a copy from before, so nothing else that is started meanwhile finds them.
 */
async function withTools<T>(tools: HostPath | undefined, call: () => Promise<T>): Promise<T> {
  if (tools === undefined) return await call();
  const { env } = process;
  const first = `${tools}${delimiter}`;
  env.PATH = first + (env.PATH ?? '');
  try {
    return await call();
  } finally {
    env.PATH = env.PATH.replace(first, '');
  }
}
