/** Reads which of git's requests it is: smart HTTP, and nothing else that a git server may know. */
import { Denied } from '../denied.ts';

export type GitRequest = {
  readonly repository: string;
  /** `upload`: the guest fetches. `receive`: it pushes. */
  readonly service: 'upload' | 'receive';
  /** `refs`: what there is, which comes first. `pack`: the exchange itself. */
  readonly step: 'refs' | 'pack';
};

const REFS = /^\/git\/([^/?#]+)\/info\/refs\?service=git-(upload|receive)-pack$/;
const PACK = /^\/git\/([^/?#]+)\/git-(upload|receive)-pack$/;

/** @throws {Denied} `no-match`, for the older protocol of plain files too. */
export function readGitRequest(method: string, target: string): GitRequest {
  const refs = method === 'GET' ? REFS.exec(target) : null;
  const [, repository = '', service] = refs ?? (method === 'POST' ? PACK.exec(target) : null) ?? [];
  if (service === undefined) {
    throw new Denied('no-match', 'this is no request of git’s smart protocol over HTTP');
  }
  const step = refs === null ? 'pack' : 'refs';
  return { repository, service: service as GitRequest['service'], step };
}
