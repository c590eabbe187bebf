/** One line of a benchmark: our figure beside that of a named reference, measured in the same run. */

export type BenchRow = {
  readonly name: string;
  /** What stands beside it. */
  readonly against: string;
  /** Medians, in the unit that the name says (milliseconds where it says none). */
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
};

/** Runs both by turns, one uncounted round first, so that a drift of the machine meets both. */
export async function compare(
  names: { readonly name: string; readonly against: string },
  rounds: number,
  ours: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<BenchRow> {
  const times = { ours: [] as number[], reference: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const [one, other] = [await ours(), await reference()];
    if (round === 0) continue;
    times.ours.push(one);
    times.reference.push(other);
  }
  return makeRow(names, median(times.ours), median(times.reference));
}

export function makeRow(
  names: { readonly name: string; readonly against: string },
  ours: number,
  reference: number,
): BenchRow {
  const ratio = round2(ours / reference);
  return { ...names, ours: round1(ours), reference: round1(reference), ratio };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const round1 = (value: number) => Math.round(value * 10) / 10;
const round2 = (value: number) => Math.round(value * 100) / 100;

/** The smallest value that `percent` of them do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const at = Math.ceil((values.length * percent) / 100) - 1;
  return values.toSorted((a, b) => a - b)[Math.max(0, at)] ?? Number.NaN;
}
