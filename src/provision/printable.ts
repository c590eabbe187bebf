/** Makes one short printable paragraph of text that somebody else wrote. */

/** Control, format and separator characters become spaces; over `limit`, only the end is kept. */
export function printable(text: string, limit = 500): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return line.length > limit ? `…${line.slice(-limit)}` : line;
}
