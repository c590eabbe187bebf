/** Things that load, but not as their author may think. */
import type { Problem } from '../errors.ts';
import { findText, valueOffset } from './located.ts';
import type { Entry } from './manifest.ts';
import type { Bottle } from './schema.ts';
import { problemAt } from './source-file.ts';

export function noticesOf({ value, source, tree, name }: Entry<Bottle>): Problem[] {
  const notices: Problem[] = [];
  const note = (path: readonly PropertyKey[], message: string) =>
    notices.push(problemAt(source, { offset: valueOffset(tree, path), message }));
  for (const [variable, entry] of Object.entries(value.env ?? {})) {
    if (entry.kind === 'literal' && /\$\{\w+\}/.test(entry.value)) {
      note(
        ['env', variable],
        `bottle ${name}, env.${variable}: \${…} inside a longer text stays as it is written`,
      );
    }
  }
  for (const { path, host } of routesOf(value)) {
    const action = [...path, 'dlp', 'outbound_on_match'];
    if (findText(tree, action) === 'supervise') {
      note(
        action,
        `bottle ${name}, ${host}: nobody supervises in CI; \`supervise\` means \`block\``,
      );
    }
  }
  return notices;
}

/** All routes that a bottle writes down, each with its place in it. */
function routesOf({ egress, egress_groups }: Bottle) {
  const lists = [
    { path: ['egress', 'routes'], routes: egress?.routes ?? [] },
    ...Object.entries(egress_groups ?? {}).map(([group, routes]) => {
      return { path: ['egress_groups', group], routes };
    }),
  ];
  return lists.flatMap(({ path, routes }) =>
    routes.map(({ host }, index) => ({ path: [...path, index], host })),
  );
}
