/** ArtifactService v4 as the service answers it: names are unique in a run, sizes and digests are checked. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type BlobStore, digestOf } from './blob-store.ts';
import { defineMethods, INT64, RpcError } from './rpc.ts';
import type { Claims } from './token.ts';

type Artifact = {
  readonly id: number;
  readonly name: string;
  readonly runId: string;
  readonly jobId: string;
  readonly blob: string;
  readonly mimeType: string;
  readonly expiresAt: string | undefined;
  size: number;
  digest: string;
  createdAt: string;
  done: boolean;
};

/** What a test sees of an artifact. */
export type StoredArtifact = Pick<Artifact, 'id' | 'name' | 'size' | 'digest' | 'expiresAt'>;

const IDS = { workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() };
const FORBIDDEN = /[":<>|*?\r\n\\/]/;

export function createArtifactService(store: BlobStore, onViolation: (what: string) => void) {
  const artifacts: Artifact[] = [];
  const find = (claims: Claims, name: string) => {
    const found = artifacts.find((a) => a.runId === claims.runId && a.name === name);
    if (found === undefined) throw new RpcError(404, 'not_found', `no artifact ${name}`);
    return found;
  };

  const methods = defineMethods({
    CreateArtifact: {
      request: z.strictObject({
        ...IDS,
        name: z
          .string()
          .min(1)
          .refine((name) => !FORBIDDEN.test(name)),
        version: z.literal(7),
        mime_type: z.string().optional(),
        expires_at: z.iso.datetime().optional(),
      }),
      answer(request, claims) {
        checkIds(request, claims);
        if (artifacts.some((a) => a.runId === claims.runId && a.name === request.name)) {
          throw new RpcError(409, 'already_exists', `an artifact ${request.name} exists already`);
        }
        const mimeType = request.mime_type ?? 'application/zip';
        const artifact = {
          id: artifacts.length + 1,
          name: request.name,
          runId: claims.runId,
          jobId: claims.jobId,
          blob: `${randomUUID()}${mimeType === 'application/zip' ? '.zip' : ''}`,
          mimeType,
          expiresAt: request.expires_at,
          size: 0,
          digest: '',
          createdAt: new Date().toISOString(),
          done: false,
        };
        artifacts.push(artifact);
        return { ok: true, signed_upload_url: store.signedUrl(artifact.blob, 'write') };
      },
    },
    FinalizeArtifact: {
      request: z.strictObject({ ...IDS, name: z.string(), size: INT64, hash: z.string() }),
      async answer(request, claims) {
        checkIds(request, claims);
        const artifact = find(claims, request.name);
        const bytes = await store.read(artifact.blob);
        const problem =
          bytes === undefined
            ? 'nothing was uploaded'
            : String(bytes.length) !== request.size
              ? `size is ${bytes.length}, not ${request.size}`
              : digestOf(bytes) !== request.hash
                ? `digest is not ${request.hash}`
                : undefined;
        if (bytes === undefined || problem !== undefined) {
          onViolation(`FinalizeArtifact ${request.name}: ${problem}`);
          throw new RpcError(400, 'invalid_argument', problem ?? '');
        }
        Object.assign(artifact, { size: bytes.length, digest: request.hash, done: true });
        return { ok: true, artifact_id: String(artifact.id) };
      },
    },
    ListArtifacts: {
      request: z.strictObject({
        ...IDS,
        name_filter: z.string().optional(),
        id_filter: INT64.optional(),
      }),
      answer(request, claims) {
        checkIds(request, claims);
        const listed = artifacts.filter(
          (a) =>
            a.done &&
            a.runId === claims.runId &&
            (request.name_filter ?? a.name) === a.name &&
            (request.id_filter ?? String(a.id)) === String(a.id),
        );
        return { artifacts: listed.map(describe) };
      },
    },
    GetSignedArtifactURL: {
      request: z.strictObject({ ...IDS, name: z.string() }),
      answer(request, claims) {
        checkIds(request, claims);
        const { blob, name, mimeType } = find(claims, request.name);
        const file = mimeType === 'application/zip' ? `${name}.zip` : name;
        return {
          signed_url: store.signedUrl(blob, 'read', {
            disposition: `attachment; filename="${file}"`,
            type: mimeType,
          }),
        };
      },
    },
    DeleteArtifact: {
      request: z.strictObject({ ...IDS, name: z.string() }),
      async answer(request, claims) {
        checkIds(request, claims);
        const artifact = find(claims, request.name);
        artifacts.splice(artifacts.indexOf(artifact), 1);
        await store.remove(artifact.blob);
        return { ok: true, artifact_id: String(artifact.id) };
      },
    },
  });

  return {
    methods,
    /** Those that were finished. */
    list: (): StoredArtifact[] => artifacts.filter(({ done }) => done),
    async read(name: string): Promise<{ bytes: Buffer; mimeType: string }> {
      const artifact = artifacts.find((a) => a.done && a.name === name);
      const bytes = artifact && (await store.read(artifact.blob));
      if (!artifact || !bytes) throw new Error(`no artifact ${name} was uploaded`);
      return { bytes, mimeType: artifact.mimeType };
    },
  };
}

function checkIds(
  ids: { workflow_run_backend_id: string; workflow_job_run_backend_id: string },
  claims: Claims,
): void {
  if (
    ids.workflow_run_backend_id !== claims.runId ||
    ids.workflow_job_run_backend_id !== claims.jobId
  ) {
    throw new RpcError(403, 'permission_denied', 'the token is for another run or job');
  }
}

function describe(artifact: Artifact) {
  return {
    workflow_run_backend_id: artifact.runId,
    workflow_job_run_backend_id: artifact.jobId,
    database_id: String(artifact.id),
    name: artifact.name,
    size: String(artifact.size),
    created_at: artifact.createdAt,
    digest: artifact.digest,
  };
}
