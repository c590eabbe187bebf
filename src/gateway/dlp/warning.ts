/** Detectors that only tell: of what looks random, and of hidden orders to the agent. */
import type { Watcher } from './detector.ts';

/** Base64 of random bytes has 5 to 6 bits a character, hexadecimal 4, words of a language 2 to 4. */
const MIN_BITS = 4.5;
const WORD = /[\w+/=-]{20,}/g;
/** Of a longer word the first part is enough, and the end of a chunk may cut it there. */
const MAX_WORD = 256;

export function watchEntropy(): Watcher {
  return watch('entropy', MAX_WORD, (text) => {
    for (const [word] of text.matchAll(WORD))
      if (bitsPerCharacter(word.slice(0, MAX_WORD)) >= MIN_BITS) return ['random-looking text'];
    return [];
  });
}

/** Shannon's entropy of the word's own characters. */
function bitsPerCharacter(word: string): number {
  const counts = new Map<string, number>();
  for (const char of word) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}

/** By label, in UTF-8 read as Latin-1. Naive, as its name says: a tripwire, no wall. */
const INJECTIONS: Readonly<Record<string, RegExp>> = {
  'instruction override':
    /(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+){0,3}(?:previous|prior|above|earlier|preceding|system)\s+(?:instruction|prompt|direction|rule|message)/i,
  'new role': /(?:you\s+are\s+now|act\s+as)\s+(?:an?\s+)?(?:unrestricted|jailbroken|dan\b|root\b)/i,
  'forged turn': /<\|?(?:im_start|system|endoftext)\|?>|\[\/?INST\]/,
  'order to hide':
    /(?:do\s+not|don't|never)\s+(?:tell|mention|inform|reveal\s+this\s+to)\s+(?:it\s+to\s+)?the\s+user/i,
  // U+E0000 to U+E007F.
  'hidden tags': /(?:\xf3\xa0[\x80\x81][\x80-\xbf]){4}/,
  // U+202A to U+202E and U+2066 to U+2069.
  'bidirectional controls': /\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]/,
  // U+200B to U+200D, U+2060 and U+FEFF.
  'zero-width run': /(?:\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xef\xbb\xbf){4}/,
};

export function watchInjection(): Watcher {
  return watch('naive_injection_detection', 256, (text) =>
    Object.entries(INJECTIONS).flatMap(([label, pattern]) => (pattern.test(text) ? [label] : [])),
  );
}

/** `overlap`: so many bytes before a chunk are looked at again with it. */
function watch(
  detector: Watcher['detector'],
  overlap: number,
  look: (text: string) => string[],
): Watcher {
  let before = '';
  return {
    detector,
    push(chunk) {
      const text = before + Buffer.from(chunk).toString('latin1');
      before = text.slice(-overlap);
      return look(text);
    },
  };
}
