/** How a secret may be written down, found here without the code that is to find it. */

/** Eleven encodings of a text, by name. */
export function writtenIn(text: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(text);
  /** Base64 of the text behind other bytes: only the digits that are its alone. */
  const behind = (offset: number) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(4, -4);
  return {
    plain: text,
    'base64 at offset 0': bytes.toString('base64').replace(/=+$/, '').slice(0, -1),
    'base64 at offset 1': behind(1),
    'base64 at offset 2': behind(2),
    'base64 for URLs': bytes.toString('base64url').slice(0, -1),
    hexadecimal: bytes.toString('hex'),
    'hexadecimal with capitals': bytes.toString('hex').toUpperCase(),
    URL: encodeURIComponent(text),
    JSON: JSON.stringify(text).slice(1, -1),
    'UTF-16': Buffer.from(text, 'utf16le').toString('latin1'),
    reversed: [...text].reverse().join(''),
  };
}

/** The encodings in which the text is there. */
export function foundIn(bytes: Uint8Array, text: string): string[] {
  const all = Buffer.from(bytes).toString('latin1');
  return Object.entries(writtenIn(text))
    .filter(([, written]) => all.includes(written))
    .map(([name]) => name);
}
