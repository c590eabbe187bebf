/** Writes git's configuration for the guest, whatever its names and values hold. */

type Setting = readonly [key: string, value: string];

/** `[name "of"]` with its settings; empty when there are none. `of` may be empty. */
export function gitSection(name: string, of: string, settings: readonly Setting[]): string {
  if (settings.length === 0) return '';
  const head = of === '' ? name : `${name} "${plain(of).replace(/[\\"]/g, '\\$&')}"`;
  const lines = settings.map(([key, value]) => `\t${key} = ${quoted(value)}\n`);
  return `[${head}]\n${lines.join('')}`;
}

function quoted(value: string): string {
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
  return `"${plain(escaped)}"`;
}

/** Control characters cannot stand in git's configuration. */
function plain(text: string): string {
  return text.replace(/[\0-\x1f\x7f]/g, '');
}
