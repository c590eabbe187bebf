/** `session.json`: what an agent's session is, whose it is, and what files it has. Versioned plain data. */
import { z } from 'zod';
import type { HostPath } from '../host/host.ts';
import { TRIGGER_CLASSES } from '../trigger-class.ts';

/** Of all files of a session together; one over them is not kept, and not continued. */
export const SESSION_LIMITS = { bytes: 16 << 20, files: 1000 };
export const SESSION_FILE = 'session.json';
export const MAX_SESSION_FILE = 1 << 20;

/** Shell-safe, and no option. */
export const SESSION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** In the artifact the files have numbers: no name of a guest's becomes one of the runner's. */
export function numbered(at: number): string {
  return `file-${at}`;
}

const text = z.string().max(1000);
const count = z.int().min(0);
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Relative, each name in it an ordinary one. */
function isPlain(path: string): boolean {
  const names = path.split('/');
  return !HIDDEN.test(path) && !names.some((name) => ['', '.', '..'].includes(name));
}

const scope = z.strictObject({
  trigger: z.enum(TRIGGER_CLASSES).describe('From the least trusted to the most'),
  event: text,
  actor: z.strictObject({ id: text, login: text }),
  repository: z.strictObject({ id: text, name: text }),
  ref: text,
  number: count.describe('The issue or pull request that started it; 0: none did'),
  workflowRun: text,
});

const file = z.strictObject({
  path: z
    .string()
    .max(1024)
    .refine(isPlain, { error: 'is no plain relative path' })
    .describe('Relative to the home of the agent’s user'),
  size: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const sessionSchema = z
  .strictObject({
    version: z.literal(1),
    runId: text,
    provider: text,
    providerVersion: text.describe('Empty: nobody said'),
    session: z.string().regex(SESSION_NAME).describe('What the agent calls it'),
    scope: scope.describe('What a run is compared with that wants to continue it'),
    files: z
      .array(file)
      .min(1)
      .max(SESSION_LIMITS.files)
      .readonly()
      .describe('In their order: the first is `file-0` in the artifact'),
  })
  .describe('A session of an agent, as an artifact');

/** The JSON Schema that is published as `schema/session.schema.json`. */
export function sessionSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(sessionSchema), null, 2)}\n`;
}

export type SessionRecord = Readonly<z.output<typeof sessionSchema>>;
export type SessionScope = SessionRecord['scope'];

/** What became of this run's session. */
export type KeptSession = {
  /** Why it is not kept; empty: it is. */
  readonly reason: string;
  readonly directory: HostPath;
  /** Names in it: `session.json` and the files. */
  readonly names: readonly string[];
  readonly files: number;
  readonly bytes: number;
};

/** One that was found, compared with this run and checked byte for byte. */
export type OpenedSession = {
  readonly artifact: string;
  readonly record: SessionRecord;
  /** Of its `session.json`. */
  readonly sha256: string;
  readonly bytes: number;
  readonly files: readonly {
    /** Below the home. */
    readonly path: string;
    readonly from: HostPath;
    readonly size: number;
  }[];
  /** Why this run may: the beginning of a sentence. */
  readonly reason: string;
  readonly notices: readonly string[];
};
