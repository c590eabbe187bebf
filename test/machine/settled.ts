/** Waiting for something to come to rest, without knowing how long that takes. */

/** The value once it has stopped changing. */
export async function settled(value: () => number): Promise<number> {
  for (let before = -1; before !== value(); ) {
    before = value();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return value();
}
