import { runningAgent } from './agent/running-agent';
import { isTag, TAG_GRAMMAR } from './names/tag';

/**
 * The tag of the request or message that is being handled, such as `gray`; `base` when the caller named the baseline
 * outright. Undefined outside of one, in an untagged one, and where the agent does not run. It is not the instance tag,
 * which outgoing work carries where there is no active tag.
 */
export function activeTag(): string | undefined {
  return runningAgent()?.context.activeTag();
}

/**
 * Runs `fn` as if a request with `tag` were being handled: calls and messages made in it, also asynchronously, carry
 * the tag. Returns what `fn` returns. Where the agent does not run, `fn` runs as it is.
 * @param tag an environment's tag, or `base` for the baseline.
 * @throws {TypeError} when `tag` is not a well-formed tag; `fn` is not called then.
 */
export function runWithTag<T>(tag: string, fn: () => T): T {
  if (!isTag(tag)) throw new TypeError(`not a tag: ${String(tag)}; allowed: ${TAG_GRAMMAR}`);
  const agent = runningAgent();
  return agent === undefined ? fn() : agent.context.run(tag, fn);
}
