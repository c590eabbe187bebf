/** Guest text made fit for a list or a notice: one line, nothing hidden, no longer than said. */

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Hidden characters become `<U+XXXX>`; what is over `most` characters is cut with `…`. */
export function printable(text: string, most = 300): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) as number;
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}
