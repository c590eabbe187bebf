/** Splits a Markdown file into its YAML frontmatter and its body. */
import type { Fault } from './located.ts';

export type Frontmatter = {
  readonly yaml: string;
  /** Where `yaml` begins in the file. */
  readonly yamlOffset: number;
  /** Without the white space around it. */
  readonly body: string;
  readonly bodyOffset: number;
};

const FENCE = /^---[ \t]*\r?$/gm;

/** Only a first line of `---` opens it: a mistyped one must not turn rules into a prompt. */
export function splitFrontmatter(text: string): Frontmatter | Fault {
  FENCE.lastIndex = 0;
  const open = FENCE.exec(text);
  if (open?.index !== 0) {
    const message =
      'no frontmatter: the first line must be `---`, then YAML, then a line `---`, then the text';
    return { offset: 0, message };
  }
  const close = FENCE.exec(text);
  if (close === null) {
    return { offset: 0, message: 'the frontmatter is not closed: end it with a line `---`' };
  }
  const yamlOffset = Math.min(open[0].length + 1, close.index);
  const bodyStart = close.index + close[0].length;
  const rest = text.slice(bodyStart);
  return {
    yaml: text.slice(yamlOffset, close.index),
    yamlOffset,
    body: rest.trim(),
    bodyOffset: bodyStart + (rest.length - rest.trimStart().length),
  };
}
