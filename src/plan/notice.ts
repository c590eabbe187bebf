/** What the manifest declares and this version does not do: said before a run relies on it. */
import type { Problem } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';

export function findNotices({ agent, bottle, source }: Selected): readonly Problem[] {
  const declared: readonly (readonly [path: string, value: unknown, message: string])[] = [
    [
      'bottle.git-gate.repos',
      Object.keys(bottle['git-gate']?.repos ?? {}).length,
      'git-gate.repos are declared, but this version has no gate to them: nothing is fetched or pushed',
    ],
    [
      'bottle.limits.turns',
      bottle.limits?.turns,
      'limits.turns is declared, but this version does not count them',
    ],
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
