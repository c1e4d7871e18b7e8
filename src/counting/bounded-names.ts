/** What stands for all names beyond the bound. No tag: those have no underscore. */
export const OTHER = '_other';

export interface BoundedNames {
  /** `name` itself, or {@link OTHER} when it is one too many. The answer for a name never changes but by `admit`. */
  of(name: string): string;
  /** From now on `name` is itself: it is one of ours, not from outside. */
  admit(name: string): void;
}

/** Lets the first `limit` names through, and those that are admitted: names that come from outside could be any number. */
export function boundedNames(limit: number): BoundedNames {
  const seen = new Set<string>();
  const admitted = new Set<string>();
  return {
    of(name) {
      if (seen.has(name) || admitted.has(name)) return name;
      if (seen.size >= limit) return OTHER;
      seen.add(name);
      return name;
    },
    admit: name => void admitted.add(name),
  };
}
