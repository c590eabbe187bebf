/** A table of the plan's page: every cell is code, in which GitHub reads nothing. */
import { code } from './guest-text.ts';

/** A summary has room for 1 MiB, and a reader for less. */
const MOST_ROWS = 200;

/** A text, or several of which each is shown by itself. */
type Cell = string | readonly string[];

/** Every row as wide as the head. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const more = rows.length - MOST_ROWS;
  return [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.slice(0, MOST_ROWS).map((cells) => `| ${cells.map(cell).join(' | ')} |`),
    ...(more > 0 ? [`\nAnd ${more} more, in the log.`] : []),
  ].join('\n');
}

function cell(content: Cell): string {
  if (typeof content !== 'string') return content.map(code).join(' or ');
  return content === '' ? '' : code(content);
}
