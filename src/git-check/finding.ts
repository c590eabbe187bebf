/** What the checks say: which rule, what follows, where; never what a secret is. */

export const CHECK_RULES = [
  'secret',
  'fsck',
  'protected-path',
  'submodule',
  'gitattributes',
  'symlink',
  'path-alias',
  'file-size',
  'patch-size',
  'file-count',
  'commit-count',
  'ancestry',
  'ref-name',
] as const;

export type CheckRule = (typeof CHECK_RULES)[number];

export type CheckAction = 'block' | 'review';

export type CheckFinding = {
  readonly rule: CheckRule;
  /** `review`: it may pass where a person looks at it. */
  readonly action: CheckAction;
  /** Object id; empty: it is about all of them. */
  readonly commit: string;
  /** One printable line, secrets in it covered; empty: none. */
  readonly path: string;
  /** From 1; 0: none. */
  readonly line: number;
  readonly detail: string;
};

/** Of each rule, so that many findings of one do not hide those of another. */
export const MAX_FINDINGS = 50;

type NewFinding = Pick<CheckFinding, 'rule' | 'detail'> & Partial<CheckFinding>;

export type Findings = {
  add(finding: NewFinding): void;
  has(rule: CheckRule): boolean;
  /** Nothing more of this rule will be kept. */
  isFull(rule: CheckRule): boolean;
  list(): readonly CheckFinding[];
};

export function collectFindings(): Findings {
  const byRule = new Map<CheckRule, CheckFinding[]>();
  return {
    add(finding) {
      const kept = byRule.get(finding.rule) ?? [];
      byRule.set(finding.rule, kept);
      if (kept.length >= MAX_FINDINGS) return;
      kept.push({ action: 'block', commit: '', path: '', line: 0, ...finding });
    },
    has: (rule) => byRule.has(rule),
    isFull: (rule) => (byRule.get(rule)?.length ?? 0) >= MAX_FINDINGS,
    list: () => CHECK_RULES.flatMap((rule) => byRule.get(rule) ?? []),
  };
}

/** Nothing more needs to be looked at, or can be. */
export class CheckStop extends Error {
  override readonly name = 'CheckStop';
  readonly finding: NewFinding;

  constructor(finding: NewFinding) {
    super(finding.detail);
    this.finding = finding;
  }
}
