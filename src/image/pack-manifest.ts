/** The JSON manifest inside a `.smolmachine`: what smolvm wrote about the image it packed. */
import * as z from 'zod';

const ASSET = z.looseObject({
  /** Path in the asset archive. */
  path: z.string().min(1),
  /** Bytes when unpacked. */
  size: z.int().nonnegative(),
});

/**
 * The fields that smolvm itself requires (`crates/smolvm-pack/src/format.rs`), with its own defaults
 * for the others. Keys that newer versions add pass through.
 */
export const PACK_MANIFEST = z.looseObject({
  /** `container`: OCI layers; `vm`: a disk. Absent in old packs. */
  mode: z.enum(['container', 'vm']).default('container'),
  image: z.string(),
  digest: z.string(),
  /** `linux/arm64` or `linux/amd64`. */
  platform: z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/),
  entrypoint: z.array(z.string()).default([]),
  cmd: z.array(z.string()).default([]),
  env: z.array(z.string()).default([]),
  secret_refs: z.record(z.string(), z.unknown()).default({}),
  workdir: z.string().nullish(),
  cpus: z.int().positive(),
  /** MiB. */
  mem: z.int().positive(),
  network: z.boolean().default(false),
  host_platform: z.string().nullish(),
  created: z.string().nullish(),
  smolvm_version: z.string().nullish(),
  assets: z.looseObject({
    libraries: z.array(ASSET).default([]),
    agent_rootfs: ASSET,
    /** Bottom layer first. */
    layers: z.array(ASSET.extend({ digest: z.string() })),
    storage_template: ASSET.nullish(),
    overlay_template: ASSET.nullish(),
  }),
});

export type PackManifest = z.infer<typeof PACK_MANIFEST>;
