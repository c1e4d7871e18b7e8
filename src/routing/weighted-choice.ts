/**
 * One of `candidates`, each as often as its weight says; undefined: there is none. Where all weigh nothing, the last.
 *
 * @param random a number from 0 up to 1
 */
export function pickByWeight<T extends { readonly weight: number }>(
  candidates: readonly T[],
  random: () => number,
): T | undefined {
  let left = 0;
  for (const { weight } of candidates) left += weight;
  left *= random();
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  return candidates[candidates.length - 1];
}
