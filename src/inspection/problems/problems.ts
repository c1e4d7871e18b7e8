/** What is wrong with a baseline's group and its canaries: the one list that `doctor`, `status` and `page` show. Pure. */
import { agentProblems } from './agent-problems';
import type { Problem } from './check';
import type { FamilyFacts } from './facts';
import { backlogProblems, deadLetterProblems, stateProblems } from './group-problems';
import { takerProblems } from './taker-problems';

/** The worst first. */
export function problemsOf(family: FamilyFacts): Problem[] {
  const groups = [family.baseline, ...family.canaries];
  const problems = [
    ...groups.flatMap(group => stateProblems(group, family)),
    ...agentProblems(family),
    ...family.canaries.flatMap(canary => takerProblems(family, canary)),
    ...groups.flatMap(group => backlogProblems(group, family)),
    ...groups.flatMap(group => deadLetterProblems(group, family)),
  ];
  return worstFirst(problems);
}

const ORDER = ['fail', 'warn', 'unknown', 'ok'] as const;

export function worstFirst<T extends { readonly verdict: (typeof ORDER)[number] }>(checks: readonly T[]): T[] {
  return [...checks].sort((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict));
}
