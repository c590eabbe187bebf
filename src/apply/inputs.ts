/** The inputs of `apply/action.yml`. */
import { resolve } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import { type Inputs, readSome } from '../inputs.ts';

/** All but the first two mean what they mean for the run. */
export type ApplyInputs = Pick<
  Inputs,
  | 'agent'
  | 'bottles'
  | 'manifest'
  | 'manifestRef'
  | 'checkout'
  | 'push'
  | 'branch'
  | 'base'
  | 'title'
  | 'draft'
  | 'labels'
  | 'reviewers'
  | 'comment'
  | 'token'
  | 'allowedActors'
  | 'allowUntrustedHead'
> & {
  /** Where the artifact was unpacked, absolute; empty: it is to be downloaded. */
  readonly path: HostPath;
  readonly artifact: string;
};

/** @throws {BottleError} `config-invalid` that names all that is wrong */
export function readApplyInputs(host: Pick<Host, 'input' | 'env'>): ApplyInputs {
  const checkout = resolve(host.env.GITHUB_WORKSPACE ?? '.');
  const values = readSome(
    host,
    [
      ...(['agent', 'bottle', 'manifest', 'manifest-ref', 'push', 'branch', 'base'] as const),
      ...(['title', 'draft', 'labels', 'reviewers', 'comment', 'token'] as const),
      ...(['allowed-actors', 'allow-untrusted-head', 'path', 'artifact'] as const),
    ],
    ({ path, artifact, push }) => [
      ...((path === '') === (artifact === '')
        ? ['give one of `path` and `artifact`, and not both']
        : []),
      ...(push === 'none' ? ['`push` is `none`: there would be nothing to do'] : []),
    ],
  );
  const { path, bottle, 'manifest-ref': manifestRef, ...rest } = values;
  return {
    ...rest,
    ...{ bottles: bottle, manifestRef, checkout },
    allowedActors: values['allowed-actors'],
    allowUntrustedHead: values['allow-untrusted-head'],
    path: path && resolve(checkout, path),
  };
}
