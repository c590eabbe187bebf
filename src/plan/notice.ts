/** What the manifest declares and nothing comes of: said before a run relies on it. */
import type { Problem } from '../errors.ts';
import type { RouteRule } from '../gateway/protocol.ts';
import type { Selected } from '../manifest/manifest.ts';

const NO_MODEL = 'but no route leads to the API of a model, so nothing is counted';

/** @param routes all that the plan opens */
export function findNotices(
  { agent, bottle, source }: Selected,
  routes: readonly RouteRule[],
): readonly Problem[] {
  const { egress, limits } = bottle;
  const counts = routes.some(({ meter }) => meter !== undefined);
  const toGitHub = routes.some(({ host }) => /^(?:.*\.)?github\.com$/.test(host));
  const declared: readonly (readonly [path: string, value: unknown, message: string])[] = [
    [
      'bottle.egress.github',
      !toGitHub && egress?.github,
      'egress.github is declared, but nothing opens GitHub: name the preset github',
    ],
    ['bottle.limits.tokens', !counts && limits?.tokens, `limits.tokens is declared, ${NO_MODEL}`],
    [
      'bottle.limits.requests',
      !counts && limits?.requests,
      `limits.requests is declared, ${NO_MODEL}`,
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
