/** Which image is booted, and whether its engine can. */
import { BottleError } from '../errors.ts';
import type { Inputs } from '../inputs.ts';
import type { EngineName } from '../machine/machine.ts';
import type { PlanRequest } from './make-plan.ts';
import type { ImagePlan, Sourced } from './plan.ts';

type ImageChoice = Pick<PlanRequest, 'inputs' | 'selected' | 'smolfile'>;

/** The input wins over the manifest; without either, bubblewrap uses the runner's own programs. */
export function planImage(request: ImageChoice, engine: EngineName): Sourced<ImagePlan> {
  const image = fromInputs(request.inputs) ?? fromManifest(request) ?? fallback(engine);
  const { kind } = image.value;
  if (engine === 'smolvm' && kind === 'host') throw cannotBootHost(image.source);
  if (kind !== 'smolmachine' && request.inputs.imageSha256 !== '') throw nothingToCheck(image);
  return image;
}

/** Where the digest came from that a `.smolmachine` must have. */
export function sourceOfDigest({ inputs, selected }: ImageChoice): string {
  if (inputs.imageSha256 !== '') return 'input image-sha256';
  return inputs.image === '' ? selected.source('bottle.image.sha256') : 'default';
}

function fromInputs({ image, imageSha256 }: Inputs): Sourced<ImagePlan> | undefined {
  if (image === '') return undefined;
  const value: ImagePlan =
    image === 'host'
      ? { kind: 'host' }
      : { kind: 'smolmachine', reference: image, sha256: imageSha256 };
  return { value, source: 'input image' };
}

function fromManifest({ selected, inputs, smolfile }: ImageChoice): Sourced<ImagePlan> | undefined {
  const { image } = selected.bottle;
  if (image === undefined) return undefined;
  const source = selected.source('bottle.image');
  if (image.host) return { value: { kind: 'host' }, source };
  if (image.from) return { value: { kind: 'from', reference: image.from }, source };
  if (image.smolfile) {
    const value = { kind: 'smolfile', path: image.smolfile, text: smolfile } as const;
    return { value, source };
  }
  const sha256 = inputs.imageSha256 || (image.sha256 ?? '');
  return { value: { kind: 'smolmachine', reference: image.smolmachine ?? '', sha256 }, source };
}

function fallback(engine: EngineName): Sourced<ImagePlan> {
  if (engine === 'bubblewrap') return { value: { kind: 'host' }, source: 'default' };
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The engine smolvm has no image to boot',
    where: 'neither the input image nor the image of the bottle is given',
    fix: 'Give the input "image" a .smolmachine file, or the bottle an "image.smolmachine". On Linux without a hypervisor, "engine: bubblewrap" needs no image.',
  });
}

function cannotBootHost(source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: "The engine smolvm cannot boot the runner's own programs",
    where: `image host, ${source}`,
    fix: 'Name a .smolmachine file, or choose "engine: bubblewrap".',
  });
}

/** A digest that nobody compares would look like a check. */
function nothingToCheck({ value, source }: Sourced<ImagePlan>): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The input image-sha256 has no file to be compared with',
    where: `image ${value.kind}, ${source}`,
    fix: 'Leave it empty, or give the input "image" the .smolmachine that it belongs to.',
  });
}
