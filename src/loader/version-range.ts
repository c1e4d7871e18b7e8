/**
 * True when `version` lies in `range`: comparators `>=a.b.c` and `<a.b.c` that must all hold, for example
 * `>=1.0.0 <2`. A pre-release counts as the release it leads to, so that `2.0.0-rc.1` is not taken for a 1.x.
 * @throws Error for a range of another form.
 */
export function inRange(version: string, range: string): boolean {
  const numbers = parse(version);
  return (
    numbers !== undefined &&
    range.split(/\s+/).every(comparator => {
      const [, operator, bound] = /^(>=|<)([0-9.]+)$/.exec(comparator) ?? [];
      if (bound === undefined) throw new Error(`not a version range: ${range}`);
      const order = compare(numbers, parse(bound) ?? []);
      return operator === '<' ? order < 0 : order >= 0;
    })
  );
}

function parse(version: string): number[] | undefined {
  const numbers = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version);
  return numbers?.slice(1).map(part => Number(part ?? 0));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
