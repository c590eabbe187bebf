/** The JSON manifest inside a `.smolmachine`: what smolvm wrote about the image it packed. */
import * as z from 'zod';

/** One problem for a whole list, however long a hostile manifest makes it. */
const TEXTS = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'expected a list of strings',
);

const MAX_ASSETS = 1024;

function assets<T extends z.ZodType>(item: T) {
  return z.array(z.unknown()).max(MAX_ASSETS).pipe(z.array(item));
}

const ASSET = z.object({
  /** Path in the asset archive. */
  path: z.string().min(1),
  /** Bytes when unpacked. */
  size: z.int().nonnegative(),
});

const LAYER = ASSET.extend({ digest: z.string() });

/**
 * The fields that smolvm itself requires (`crates/smolvm-pack/src/format.rs`), with its own
 * defaults for the others. Keys that newer versions add are dropped.
 */
const PACK_MANIFEST = z.object({
  /** `container`: OCI layers; `vm`: a disk. Absent in old packs. */
  mode: z.enum(['container', 'vm']).default('container'),
  image: z.string(),
  digest: z.string(),
  /** `linux/arm64` or `linux/amd64`. */
  platform: z.string(),
  entrypoint: TEXTS.default([]),
  cmd: TEXTS.default([]),
  env: TEXTS.default([]),
  secret_refs: z.looseObject({}).default({}),
  workdir: z.string().nullish(),
  cpus: z.int().positive(),
  /** MiB. */
  mem: z.int().positive(),
  network: z.boolean().default(false),
  host_platform: z.string().nullish(),
  created: z.string().nullish(),
  smolvm_version: z.string().nullish(),
  assets: z.object({
    libraries: assets(ASSET).default([]),
    agent_rootfs: ASSET,
    /** Bottom layer first. */
    layers: assets(LAYER),
    storage_template: ASSET.nullish(),
    overlay_template: ASSET.nullish(),
  }),
});

export type PackManifest = z.infer<typeof PACK_MANIFEST>;

/** The manifest in `value`, or one line that names the fields that are wrong. */
export function parsePackManifest(value: unknown): PackManifest | string {
  const result = PACK_MANIFEST.safeParse(value);
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, 5).map((issue) => {
    return `${issue.path.join('.') || 'the whole'}: ${issue.message}`;
  });
  return wrong.join('; ');
}
