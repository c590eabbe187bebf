/** A refusal: what was wrong, by the name that the guest, the audit and the tests know it by. */
import type { DenialRule } from './protocol.ts';

export class Denied extends Error {
  readonly rule: DenialRule;

  /** `detail`: one sentence for a person; never a secret, never what the guest wrote unescaped. */
  constructor(rule: DenialRule, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Denied';
    this.rule = rule;
  }
}
