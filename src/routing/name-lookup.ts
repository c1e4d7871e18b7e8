/** Whether host names resolve: each is looked up once, and kept for a while, the absent ones too. */

/** How long an answer holds, ms. */
const KEPT_MS = 5_000;
/** Bounds what is remembered: services and tags come from outside. */
const MOST_NAMES = 1_000;
/** `getaddrinfo` says so of a name that is not there. Whatever else it says is about itself. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME', 'EAI_NODATA']);

export interface NameLookup {
  /** Known at once, or after a look. Never rejects. */
  resolves(name: string): boolean | Promise<boolean>;
}

export interface NameLookupMeans {
  /** @throws an error of the system, with its code */
  lookUp(name: string): Promise<void>;
  now(): number;
  /** Told when the resolver itself fails. */
  onFailure(name: string, problem: string): void;
}

interface Answer {
  /** Undefined: nobody has answered yet. */
  isThere: boolean | undefined;
  until: number;
  asking: Promise<boolean> | undefined;
}

export function nameLookup({ lookUp, now, onFailure }: NameLookupMeans): NameLookup {
  const answers = new Map<string, Answer>();

  async function ask(name: string, answer: Answer): Promise<boolean> {
    try {
      await lookUp(name);
      answer.isThere = true;
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (ABSENT.has(code)) answer.isThere = false;
      // The last answer holds; without one the baseline is taken.
      else onFailure(name, code || message);
    }
    answer.until = now() + KEPT_MS;
    answer.asking = undefined;
    return answer.isThere ?? false;
  }

  return {
    resolves(name) {
      let answer = answers.get(name);
      if (answer === undefined) {
        if (answers.size >= MOST_NAMES) answers.clear();
        answer = { isThere: undefined, until: Number.NEGATIVE_INFINITY, asking: undefined };
        answers.set(name, answer);
      }
      if (now() < answer.until) return answer.isThere ?? false;
      answer.asking ??= ask(name, answer);
      return answer.asking;
    },
  };
}
