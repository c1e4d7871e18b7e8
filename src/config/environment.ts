/** Variables by their names; undefined: not set. */
export type Environment = Readonly<Record<string, string | undefined>>;
