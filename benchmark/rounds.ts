/**
 * Runs every contender once a round, each round in another order: what the machine does meanwhile meets all of them
 * alike, and none is always the one after the same other.
 *
 * @returns by contender, what `measure` answered, round by round
 */
export async function inRounds<Contender extends { readonly name: string }, Value>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender) => Promise<Value>,
  beforeRound?: () => Promise<void>,
): Promise<Map<string, Value[]>> {
  const values = new Map<string, Value[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    await beforeRound?.();
    for (const contender of orderOf(contenders, round)) values.get(contender.name)?.push(await measure(contender));
  }
  return values;
}

/** Each one at each place equally often, forwards and backwards by turns. */
export function orderOf<T>(all: readonly T[], round: number): T[] {
  const shift = (round >> 1) % all.length;
  const order = [...all.slice(shift), ...all.slice(0, shift)];
  return round % 2 === 0 ? order : order.reverse();
}
