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

type Shelf = {
  readonly artifacts: Artifact[];
  readonly store: BlobStore;
  readonly onViolation: (what: string) => void;
};

const ZIP = 'application/zip';
const FORBIDDEN = /[":<>|*?\r\n\\/]/;

const IDS = { workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() };
const NAMED = z.strictObject({ ...IDS, name: z.string() });
const CREATE = z.strictObject({
  ...IDS,
  name: z
    .string()
    .min(1)
    .refine((name) => !FORBIDDEN.test(name)),
  version: z.literal(7),
  mime_type: z.string().default(ZIP),
  expires_at: z.iso.datetime().optional(),
});
const FINALIZE = z.strictObject({ ...IDS, name: z.string(), size: INT64, hash: z.string() });
const LIST = z.strictObject({
  ...IDS,
  name_filter: z.string().optional(),
  id_filter: INT64.optional(),
});

export function createArtifactService(store: BlobStore, onViolation: (what: string) => void) {
  const shelf: Shelf = { artifacts: [], store, onViolation };
  return {
    methods: defineMethods({
      CreateArtifact: { request: CREATE, answer: (asked, claims) => create(shelf, asked, claims) },
      FinalizeArtifact: {
        request: FINALIZE,
        answer: (asked, claims) => finalize(shelf, asked, claims),
      },
      ListArtifacts: { request: LIST, answer: (asked, claims) => list(shelf, asked, claims) },
      GetSignedArtifactURL: {
        request: NAMED,
        answer: (asked, claims) => signUrl(shelf, asked, claims),
      },
      DeleteArtifact: { request: NAMED, answer: (asked, claims) => remove(shelf, asked, claims) },
    }),
    /** Those that were finished. */
    list: (): StoredArtifact[] => shelf.artifacts.filter(({ done }) => done),
    async read(name: string): Promise<{ bytes: Buffer; isZip: boolean }> {
      const artifact = shelf.artifacts.find((a) => a.done && a.name === name);
      const bytes = artifact && (await store.read(artifact.blob));
      if (!artifact || !bytes) throw new Error(`no artifact ${name} was uploaded`);
      return { bytes, isZip: artifact.mimeType === ZIP };
    },
  };
}

function create({ artifacts, store }: Shelf, asked: z.infer<typeof CREATE>, claims: Claims) {
  checkIds(asked, claims);
  if (artifacts.some((a) => a.runId === claims.runId && a.name === asked.name)) {
    throw new RpcError(409, 'already_exists', `an artifact ${asked.name} exists already`);
  }
  const blob = `${randomUUID()}${asked.mime_type === ZIP ? '.zip' : ''}`;
  artifacts.push({
    id: artifacts.length + 1,
    name: asked.name,
    runId: claims.runId,
    jobId: claims.jobId,
    blob,
    mimeType: asked.mime_type,
    expiresAt: asked.expires_at,
    size: 0,
    digest: '',
    createdAt: new Date().toISOString(),
    done: false,
  });
  return { ok: true, signed_upload_url: store.signedUrl(blob, 'write') };
}

async function finalize(shelf: Shelf, asked: z.infer<typeof FINALIZE>, claims: Claims) {
  const artifact = find(shelf, asked, claims);
  const bytes = (await shelf.store.read(artifact.blob)) ?? Buffer.alloc(0);
  const stored = `${bytes.length} bytes, ${digestOf(bytes)}`;
  const announced = `${asked.size} bytes, ${asked.hash}`;
  if (stored !== announced) {
    const problem = `${asked.name} has ${stored}; announced were ${announced}`;
    shelf.onViolation(`FinalizeArtifact: ${problem}`);
    throw new RpcError(400, 'invalid_argument', problem);
  }
  Object.assign(artifact, { size: bytes.length, digest: asked.hash, done: true });
  return { ok: true, artifact_id: String(artifact.id) };
}

function list({ artifacts }: Shelf, asked: z.infer<typeof LIST>, claims: Claims) {
  checkIds(asked, claims);
  const listed = artifacts.filter(
    (a) =>
      a.done &&
      a.runId === claims.runId &&
      (asked.name_filter ?? a.name) === a.name &&
      (asked.id_filter ?? String(a.id)) === String(a.id),
  );
  return { artifacts: listed.map(describe) };
}

function signUrl(shelf: Shelf, asked: z.infer<typeof NAMED>, claims: Claims) {
  const { blob, name, mimeType } = find(shelf, asked, claims);
  const file = mimeType === ZIP ? `${name}.zip` : name;
  const answer = { disposition: `attachment; filename="${file}"`, type: mimeType };
  return { signed_url: shelf.store.signedUrl(blob, 'read', answer) };
}

async function remove(shelf: Shelf, asked: z.infer<typeof NAMED>, claims: Claims) {
  const artifact = find(shelf, asked, claims);
  shelf.artifacts.splice(shelf.artifacts.indexOf(artifact), 1);
  await shelf.store.remove(artifact.blob);
  return { ok: true, artifact_id: String(artifact.id) };
}

function find({ artifacts }: Shelf, asked: z.infer<typeof NAMED>, claims: Claims): Artifact {
  checkIds(asked, claims);
  const found = artifacts.find((a) => a.runId === claims.runId && a.name === asked.name);
  if (found === undefined) throw new RpcError(404, 'not_found', `no artifact ${asked.name}`);
  return found;
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
