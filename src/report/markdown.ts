/** The summary's building blocks in GitHub's Markdown. */

const LONGEST_LIST = 50;

export function section(title: string, body: string): string {
  return body && `### ${title}\n\n${body}`;
}

/** Empty when there is nothing to show. */
export function table<T>(
  columns: readonly string[],
  items: readonly T[],
  row: (item: T) => string,
): string {
  if (items.length === 0) return '';
  const head = [`| ${columns.join(' | ')} |`, `|${' --- |'.repeat(columns.length)}`];
  return `${head.join('\n')}\n${limited(items, row)}`;
}

/** The first rows, and a line that says how many more there are. */
export function limited<T>(items: readonly T[], row: (item: T) => string): string {
  const shown = items.slice(0, LONGEST_LIST).map(row).join('\n');
  const more = items.length - LONGEST_LIST;
  return more > 0 ? `${shown}\n\nand ${more} more, all in \`run.json\` of the artifact.` : shown;
}

export function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
