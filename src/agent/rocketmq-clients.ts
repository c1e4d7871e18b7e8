/** The RocketMQ clients that were loaded in this process, and why one of them may not be hooked. */

export interface RocketmqClients {
  /** A file of a client was patched. */
  hooked(module: string): void;
  /** A client was found and not patched. @param reason for people: which one, and why */
  leftAlone(reason: string): void;
  /** A consumer of the application is in `group`, by what the agent decided. */
  planned(group: string): void;
  isPlanned(group: string): boolean;
  hasPlanned(): boolean;
  /** @param listener told of each consumer that was planned */
  onPlanned(listener: () => void): void;
  /** True: the agent hooks a client. */
  isHooked(): boolean;
  /** Why a client that speaks to RocketMQ is not hooked, in words. */
  whyNotHooked(): string;
}

export function rocketmqClients(): RocketmqClients {
  const hooked = new Set<string>();
  const reasons = new Set<string>();
  const groups = new Set<string>();
  const listeners: (() => void)[] = [];
  return {
    hooked: module => void hooked.add(module),
    leftAlone: reason => void reasons.add(reason),
    planned(group) {
      groups.add(group);
      for (const listener of listeners) listener();
    },
    hasPlanned: () => groups.size > 0,
    onPlanned: listener => void listeners.push(listener),
    isPlanned: group => groups.has(group),
    isHooked: () => hooked.size > 0,
    whyNotHooked() {
      if (reasons.size > 0) return [...reasons].join('; ');
      return 'it is bundled into the application (rocketmq-gray/esbuild and rocketmq-gray/webpack make such bundles work), or no client that this agent knows';
    },
  };
}
