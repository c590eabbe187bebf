/** What the image stage is asked for, from what the plan says. */
import { resolve } from 'node:path';
import type { Host, Services } from './host/host.ts';
import { ensureImage } from './image/image.ts';
import type { EnsuredImage, ImageRequest } from './image/request.ts';
import type { ImageSource } from './image/source.ts';
import { isInside } from './inside.ts';
import type { ReadyEngine } from './machine/engine.ts';
import type { ImagePlan, Plan } from './plan/plan.ts';

export async function fetchImage(
  host: Host,
  services: Services,
  plan: Plan,
  engine: ReadyEngine,
): Promise<EnsuredImage> {
  return await ensureImage(host, services, imageRequest(host, plan, engine));
}

export function imageRequest(host: Host, plan: Plan, engine: ReadyEngine): ImageRequest {
  const { value: image } = plan.image;
  return {
    source: image.kind === 'host' ? image : sourceOf(host, plan, image),
    sha256: image.kind === 'smolmachine' ? image.sha256 : '',
    lock: plan.cache.lock,
    needsRootfs: plan.engine.value === 'bubblewrap',
    cache: plan.cache.mode,
    trusted: plan.cache.trusted,
    ...(engine.smolvm && { smolvm: engine.smolvm }),
  };
}

function sourceOf(
  host: Host,
  plan: Plan,
  image: Exclude<ImagePlan, { kind: 'host' }>,
): ImageSource {
  if (image.kind === 'from') return image;
  if (image.kind === 'smolfile') return { kind: 'smolfile', file: image.path, text: image.text };
  const { reference } = image;
  // Plain http is for this machine itself; the download refuses it elsewhere.
  if (/^https?:/i.test(reference)) return { kind: 'url', url: reference };
  // An OCI reference names a registry or a repository; a file says so by its ending or its path.
  if (/^[./]/.test(reference) || reference.endsWith('.smolmachine')) {
    const checkout = resolve(host.env.GITHUB_WORKSPACE ?? '.');
    const path = resolve(checkout, reference);
    const proposed = plan.trust.head === 'untrusted' && isInside(checkout, path);
    return { kind: 'path', path, name: reference, proposed };
  }
  return { kind: 'oci', reference };
}
