/** Writes the little of TOML that an agent's settings need. */

export type TomlTable = { readonly [key: string]: TomlValue };
export type TomlValue = string | number | boolean | readonly string[] | TomlTable;

/** Values first, then each table under a heading of its own. */
export function tomlOf(table: TomlTable, path: readonly string[] = []): string {
  const entries = Object.entries(table);
  const values = entries.flatMap(([key, value]) =>
    isTable(value) ? [] : [`${textOf(key)} = ${itemOf(value)}\n`],
  );
  const tables = entries.map(([key, value]) =>
    isTable(value) ? tomlOf(value, [...path, key]) : '',
  );
  const heading = path.length > 0 ? `\n[${path.map(textOf).join('.')}]\n` : '';
  return `${heading}${values.join('')}${tables.join('')}`;
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value);
}

function itemOf(value: Exclude<TomlValue, TomlTable>): string {
  if (typeof value === 'string') return textOf(value);
  return Array.isArray(value) ? `[${value.map(textOf).join(', ')}]` : String(value);
}

/** JSON's escapes are TOML's, but that TOML wants DEL escaped too, and knows no half characters. */
function textOf(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007F');
}
