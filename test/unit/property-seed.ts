/** The same histories for each mutant (`npm run mutate`): a score that does not change by chance. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 42 });
