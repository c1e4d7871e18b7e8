export const TAG_VARIABLES: readonly string[];
export const LINES: {
  readonly tooOld: {
    readonly code: string;
    readonly words: (values: { readonly version: string; readonly oldest: string }) => string;
  };
  readonly notLoaded: { readonly code: string; readonly words: (values: { readonly problem: string }) => string };
};
export function isTool(script: string | undefined): boolean;
export function sayNotStarted(name: keyof typeof LINES, values: object, injected?: string): void;
