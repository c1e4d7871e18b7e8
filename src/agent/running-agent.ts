import type { Agent } from './agent';

/**
 * Where the agent of this process is found: one for each process (and worker thread), whichever copy of the package
 * started it. The application may import another copy than the one that was preloaded.
 */
const KEY = Symbol.for('rocketmq-gray.agent');

interface Place {
  [KEY]?: Pick<Agent, 'context'>;
}

export function runningAgent(): Pick<Agent, 'context'> | undefined {
  return (globalThis as Place)[KEY];
}

export function setRunningAgent(agent: Agent): void {
  Object.defineProperty(globalThis, KEY, { value: agent, configurable: true });
}
