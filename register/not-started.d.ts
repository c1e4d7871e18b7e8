export const TAG_VARIABLES: readonly string[];
export function sayNotStarted(reason: string): void;
