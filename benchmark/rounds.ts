/** How rounds go; without it, every contender takes part in each. */
export interface Participation {
  beforeRound?(): Promise<void>;
  /** What is not ours takes part in each such round only: it is there to compare with, and takes several times as long. */
  readonly othersEvery?: number;
}

/**
 * Runs every contender once a round, each round in another order: what the machine does meanwhile meets all of them
 * alike, and none is always the one after the same other.
 *
 * @returns by contender, what `measure` answered, round by round; null where it took no part
 */
export async function inRounds<Contender extends { readonly name: string; readonly isOther?: true }, Value>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender) => Promise<Value>,
  { beforeRound, othersEvery = 1 }: Participation = {},
): Promise<Map<string, (Value | null)[]>> {
  const values = new Map<string, (Value | null)[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    await beforeRound?.();
    for (const contender of orderOf(contenders, round)) {
      const takesPart = !contender.isOther || round % othersEvery === 0;
      values.get(contender.name)?.push(takesPart ? await measure(contender) : null);
    }
  }
  return values;
}

/** Each one at each place equally often, forwards and backwards by turns. */
export function orderOf<T>(all: readonly T[], round: number): T[] {
  const shift = (round >> 1) % all.length;
  const order = [...all.slice(shift), ...all.slice(0, shift)];
  return round % 2 === 0 ? order : order.reverse();
}
