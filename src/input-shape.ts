/** What an input may look like: one small function for each kind of value. */
import { nearest } from './manifest/nearest.ts';

/** Turns an input's text into its value; throws `Refused` when it does not fit. */
export type Shape<T> = (text: string) => T;

/** The message is what would have been accepted. */
export class Refused extends Error {}

export type Shapes = Readonly<Record<string, Shape<unknown>>>;
export type Values<S extends Shapes> = { readonly [K in keyof S]: ReturnType<S[K]> };

/** An empty text stays empty; any other has to fit. */
export function emptyOr<T>(shape: Shape<T>): Shape<T | ''> {
  return (text) => (text === '' ? '' : shape(text));
}

export function matching(pattern: RegExp, accepted: string): Shape<string> {
  return (text) => {
    if (!pattern.test(text)) throw new Refused(accepted);
    return text;
  };
}

/** One line without control characters; may be empty. */
export function oneLine(accepted: string): Shape<string> {
  return matching(/^\P{Cc}*$/u, `${accepted}, in one line`);
}

export function oneOf<const T extends string>(choices: readonly T[]): Shape<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const near = nearest(text, choices);
    const hint = near === undefined ? '' : ` (did you mean \`${near}\`?)`;
    throw new Refused(`${enumerate(choices.filter((choice) => choice !== ''))}${hint}`);
  };
}

/** A decimal or whole number within the range, both ends included. */
export function numeric(kind: 'decimal' | 'whole', least: number, most: number): Shape<number> {
  const pattern = kind === 'whole' ? /^\d+$/ : /^\d+(\.\d+)?$/;
  return (text) => {
    const value = Number(text);
    if (pattern.test(text) && value >= least && value <= most) return value;
    throw new Refused(`a ${kind} number from ${least} to ${most}`);
  };
}

/** The booleans of YAML 1.2's core schema, as everywhere in actions. */
export function yamlBoolean(): Shape<boolean> {
  return (text) => {
    if (/^(true|True|TRUE)$/.test(text)) return true;
    if (/^(false|False|FALSE)$/.test(text)) return false;
    throw new Refused('`true` or `false`');
  };
}

/** The parts between separators, trimmed, without the empty ones. */
export function list<T>(separator: RegExp, shape: Shape<T>): Shape<readonly T[]> {
  return (text) =>
    text
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(shape);
}

/** Lower-case hex; a leading `sha256:` is dropped. */
export function sha256(): Shape<string> {
  const digest = matching(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
  return (text) => digest(text.toLowerCase().replace(/^sha256:/, ''));
}

/**
 * GitHub refuses these characters because artifacts are unpacked on any file system; of its 256
 * characters the endings of our names need some.
 */
export function artifactName(most = 200): Shape<string> {
  return matching(
    new RegExp(`^[^":<>|*?\\\\/\\p{Cc}]{1,${most}}$`, 'u'),
    `a name of at most ${most} characters without any of " : < > | * ? \\ /`,
  );
}

/** As `git check-ref-format --branch` has it; no ref's whole name. */
export function branchName(accepted: string): Shape<string> {
  return matching(
    /^(?![-/.]|refs\/|HEAD$)(?!.*(?:\.\.|\/[/.]|@\{|\.lock(?:\/|$)|[/.]$))[^\s~^:?*[\]{}\\\p{Cc}]{1,200}$/u,
    accepted,
  );
}

/** What stands in braces is replaced when the plan is made. */
export function branchTemplate(): Shape<string> {
  const branch = branchName('the name of a branch; {agent}, {run-id} and {number} may be in it');
  return (template) => {
    branch(template.replace(/\{(?:agent|run-id|number)\}/g, '1'));
    return template;
  };
}

function enumerate(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `\`${choice}\``);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}
