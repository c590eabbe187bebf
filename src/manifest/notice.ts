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
  for (const [index, route] of (value.egress?.routes ?? []).entries()) {
    const path = ['egress', 'routes', index, 'dlp', 'outbound_on_match'];
    if (findText(tree, path) === 'supervise') {
      note(
        path,
        `bottle ${name}, ${route.host}: nobody supervises in CI; \`supervise\` means \`block\``,
      );
    }
  }
  return notices;
}
