/** How a library is instrumented: hooks are handed the agent. */
import type * as loader from '../loader/instrumentation';
import type { Agent } from './agent';

export { type Exports, type LibraryCopy, Replacement } from '../loader/instrumentation';
export type Patch = loader.Patch<Agent>;
export type Instrumentation = loader.Instrumentation<Agent>;
export type LibraryEntry = loader.LibraryEntry<Agent>;
export type CoreInstrumentation = loader.CoreInstrumentation<Agent>;
