/** A number for each combination of a few labels. */
export interface Counter<Label extends string> {
  /** @param values of the labels, in their order */
  add(count: number, ...values: readonly string[]): void;
  /** What was counted so far. */
  read(): readonly Counted<Label>[];
}

export type Counted<Label extends string> = Readonly<Record<Label, string>> & { readonly count: number };

interface Cell {
  readonly values: readonly string[];
  count: number;
}

/** The number of combinations is bounded by those who name the values. */
export function counter<Label extends string>(...labels: readonly Label[]): Counter<Label> {
  const cells = new Map<string, Cell>();
  return {
    add(count, ...values) {
      // No value has one: names of topics, groups and tags are checked by the brokers, or by us.
      const key = values.join('\n');
      const cell = cells.get(key);
      if (cell === undefined) cells.set(key, { values, count });
      else cell.count += count;
    },
    read: () =>
      [...cells.values()].map(({ values, count }) => {
        const named = Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
        return { ...named, count } as Counted<Label>;
      }),
  };
}
