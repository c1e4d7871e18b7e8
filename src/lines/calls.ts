/** 6xx: calls between services: where they go, and the tags that they bring. */
import { line, NOTHING } from './line';

interface Unreachable {
  /** Its name, or of several their names. */
  readonly services: string;
  readonly caller: string;
}

interface Malformed {
  readonly carrier: string;
  readonly kind: string;
  readonly value: string;
  readonly allowed: string;
}

const malformed = ({ carrier, kind, value, allowed }: Malformed) =>
  `a malformed tag in the ${carrier} ${kind} was dropped: ${value}; allowed: ${allowed}`;

// In each bundle: texts, of which nothing is written.
export const callLines = {
  noInstance: line('GRAY-601', 'warn', {
    words: ({ services, caller }: Unreachable) =>
      `${services} has instances of other canaries only: none for a call of ${caller}`,
    // By service alone: tags come from outside, what was said is remembered.
    once: ({ services }) => services,
    meaning: 'Calls of another environment fail with `ERR_GRAY_NO_INSTANCE`.',
    remedy: 'Start an instance of the baseline.',
  }),
  noCommonInstance: line('GRAY-602', 'warn', {
    words: ({ services, caller }: Unreachable) =>
      `${services} share an address and have no instance in common for a call of ${caller}; the address does not say which was meant`,
    once: ({ services }) => services,
    meaning: 'Calls to this address fail with `ERR_GRAY_NO_INSTANCE`. Several services are registered at it.',
    remedy: 'Start a process of the baseline that offers all of these services.',
  }),
  malformedTag: line('GRAY-603', 'warn', {
    words: (tag: Malformed) => malformed(tag),
    meaning: 'A caller sends a malformed tag. It is said once for each value, for at most 20 values.',
    remedy: 'Correct the caller.',
  }),
  lastMalformedTag: line('GRAY-604', 'warn', {
    words: (tag: Malformed) => `${malformed(tag)} (further ones are only said with GRAY_LOG_LEVEL=debug)`,
    meaning: 'The same for the twentieth value.',
    remedy: 'Correct the caller.',
  }),
  furtherMalformedTag: line('GRAY-605', 'debug', {
    words: (tag: Malformed) => malformed(tag),
    meaning: 'The same for values that were said before, and for those after the twentieth.',
    remedy: NOTHING,
  }),
};
