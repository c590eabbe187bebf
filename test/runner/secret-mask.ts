/** The runner's masking: each value and its common encodings become `***` (SecretMasker.cs, ValueEncoders.cs). */

export type SecretMask = {
  /** Masks the value whole, and each of its lines that is not blank. */
  add(value: string): void;
  apply(text: string): string;
};

export function createSecretMask(values: readonly string[] = []): SecretMask {
  const secrets = new Set<string>();
  const mask: SecretMask = {
    add(value) {
      const lines = value.split(/[\r\n]/).map((line) => line.trim());
      for (const part of [value, ...lines].filter((text) => text !== '')) {
        for (const form of [part, ...encodings(part)].filter((text) => text !== '')) {
          secrets.add(form);
        }
      }
    },
    apply: (text) => cover(text, findAll(text, secrets)),
  };
  for (const value of values) mask.add(value);
  return mask;
}

type Range = { start: number; end: number };

/** Every place where a secret stands, overlaps included, by where it begins. */
function findAll(text: string, secrets: ReadonlySet<string>): Range[] {
  const ranges: Range[] = [];
  for (const secret of secrets) {
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
      ranges.push({ start: at, end: at + secret.length });
    }
  }
  return ranges.sort((a, b) => a.start - b.start);
}

function cover(text: string, ranges: readonly Range[]): string {
  let covered = '';
  let end = -1;
  for (const range of ranges) {
    if (range.start > end) covered += `${text.slice(Math.max(end, 0), range.start)}***`;
    end = Math.max(end, range.end);
  }
  return covered + text.slice(Math.max(end, 0));
}

function encodings(value: string): string[] {
  const bytes = Buffer.from(value);
  const shifted = (by: number) => bytes.subarray(bytes.length > by ? by : 0).toString('base64');
  return [
    shifted(0),
    shifted(1),
    shifted(2),
    value.replaceAll('"', '\\"'),
    value.replaceAll("'", "''"),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, percentEncode),
    value.replace(/[<>"'&]/g, (sign) => XML_ENTITIES[sign] ?? sign),
    value.length > 8 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : '',
    ...aroundAmpersand(value).filter((part) => part.length >= 6),
  ];
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

function percentEncode(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** PowerShell prints a value in two parts, cut at its ampersand, with one letter coloured after `&+`. */
function aroundAmpersand(value: string): string[] {
  const plus = value.indexOf('&+');
  if (plus >= 0) return [value.slice(0, plus + 2), value.slice(plus + 3)];
  const last = value.lastIndexOf('&');
  return last < 0 ? [] : [value.slice(0, last + 1), value.slice(last + 1)];
}
