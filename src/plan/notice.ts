/** What the manifest declares and this version does not do: said before a run relies on it. */
import type { Problem } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';

const REFUSES = "but this version's gateway refuses every request";
const COUNTS_NONE = 'but this version does not count them';

export function findNotices({ agent, bottle, source }: Selected): readonly Problem[] {
  const { egress, limits } = bottle;
  const declared: readonly (readonly [path: string, value: unknown, message: string])[] = [
    ['bottle.egress.routes', egress?.routes?.length, `egress.routes are declared, ${REFUSES}`],
    ['bottle.egress.presets', egress?.presets?.length, `egress.presets are declared, ${REFUSES}`],
    ['bottle.egress.mode', egress?.mode === 'learn', `egress.mode is learn, ${REFUSES}`],
    [
      'bottle.git-gate.repos',
      Object.keys(bottle['git-gate']?.repos ?? {}).length,
      'git-gate.repos are declared, but this version has no gate to them: nothing is fetched or pushed',
    ],
    ['bottle.limits.turns', limits?.turns, `limits.turns is declared, ${COUNTS_NONE}`],
    ['bottle.limits.tokens', limits?.tokens, `limits.tokens is declared, ${COUNTS_NONE}`],
    ['bottle.limits.requests', limits?.requests, `limits.requests is declared, ${COUNTS_NONE}`],
    [
      'agent.output_schema',
      agent.output_schema,
      'output_schema is declared, but this version makes no structured result',
    ],
  ];
  return declared.flatMap(([path, value, message]) =>
    value ? [{ message, ...placeOf(source(path)) }] : [],
  );
}

/** `.bot-bottle/bottles/dev.md:7` as an annotation has it. */
export function placeOf(source: string): Pick<Problem, 'file' | 'line'> {
  const { file, line } = /^(?<file>.+):(?<line>\d+)$/s.exec(source)?.groups ?? {};
  return file ? { file, line: Number(line) } : {};
}
