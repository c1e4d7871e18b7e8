/** The most that a name may differ from the one that was meant: letters left out, put in, replaced, or two neighbours swapped. */
const MOST_CHANGES = 2;

/** Of the known names the one that `name` is a slip of, the nearest first; undefined where none is near. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map(candidate => ({ candidate, changes: changesBetween(name, candidate) }))
    .filter(({ changes }) => changes <= MOST_CHANGES)
    .sort((a, b) => a.changes - b.changes);
  return near[0]?.candidate;
}

/** How many changes of a letter make one text of the other (optimal string alignment). */
export function changesBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= one.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(one.length, other.length);
}
