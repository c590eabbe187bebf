/** What a tar stream that cannot be read on is called. */

/**
 * `truncated`: it ended early; `corrupt`: it breaks the format; `too-large`: a header over its
 * cap.
 */
export type TarFault = 'truncated' | 'corrupt' | 'too-large';

/** Members that were read before it are good. */
export class TarError extends Error {
  override readonly name = 'TarError';
  readonly fault: TarFault;

  constructor(fault: TarFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
