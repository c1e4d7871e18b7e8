/**
 * How the name servers of a cluster are asked. One of them may be away or hang: its host is switched off, or its process is
 * stopped. Then it must not cost everybody its time-out, again and again.
 */

import type { NameServerList } from '../remoting/address-server';
import type { RemotingResponse } from '../remoting/connection';
import type { Runtime } from '../remoting/runtime';

export interface NameServers {
  /** The answer of the one that answers first. @throws when none does: what the last of them said */
  ask(request: Request): Promise<{ readonly response: RemotingResponse; readonly address: string }>;
  /**
   * The answers of all that answer; those that do not are waited for a moment at most, once another has answered. Each gets
   * the request. No answers when none answers.
   */
  askEach(request: Request): Promise<{ readonly answers: readonly RemotingResponse[]; readonly asked: number }>;
}

/** Asks one server. */
export type Request = (address: string) => Promise<RemotingResponse>;

/** Before the next one is asked as well, ms. A name server answers within a few. */
const HEDGE_MS = 300;
/** For the others, once one has answered, ms. */
const GRACE_MS = 500;

export function nameServers(list: NameServerList, { clock, silent }: Runtime): NameServers {
  /** The one that answered last. */
  let preferred: string | undefined;

  /** The silent ones last. */
  function inOrder(addresses: readonly string[]): string[] {
    const isPreferred = (address: string) => Number(address === preferred);
    const first = [...addresses].sort((one, other) => isPreferred(other) - isPreferred(one));
    return [...first.filter(address => !silent.has(address)), ...first.filter(address => silent.has(address))];
  }

  function asked(address: string, request: Request): Promise<RemotingResponse> {
    const answer = request(address);
    answer.then(
      () => silent.remove(address),
      () => {},
    );
    return answer;
  }

  return {
    async ask(request) {
      const order = inOrder(await list());
      return new Promise((resolve, reject) => {
        const unanswered = new Set<string>();
        let isOver = false;
        let asking = 0;
        let cancel = () => {};

        const answered = (address: string, response: RemotingResponse): void => {
          unanswered.delete(address);
          if (isOver) return;
          isOver = true;
          cancel();
          preferred = address;
          // They were asked before it, and have had their time.
          for (const other of order.slice(0, order.indexOf(address))) if (unanswered.has(other)) silent.add(other);
          resolve({ response, address });
        };
        const next = (): void => {
          cancel();
          const address = order[asking];
          if (isOver || address === undefined) return;
          asking++;
          unanswered.add(address);
          if (asking < order.length) cancel = clock.after(HEDGE_MS, next);
          asked(address, request).then(
            response => answered(address, response),
            error => {
              unanswered.delete(address);
              if (asking < order.length) next();
              else if (unanswered.size === 0 && !isOver) reject(error);
            },
          );
        };
        if (order.length === 0) reject(new Error('no name server is given'));
        else next();
      });
    },
    async askEach(request) {
      const addresses = await list().catch(() => []);
      return new Promise(resolve => {
        const answers: RemotingResponse[] = [];
        const waitedFor = new Set(addresses);
        let isOver = false;
        let cancel = () => {};

        const finish = (): void => {
          if (isOver) return;
          isOver = true;
          cancel();
          resolve({ answers, asked: addresses.length });
        };
        const over = (address: string): void => {
          waitedFor.delete(address);
          const isEnough = answers.length > 0 && [...waitedFor].every(other => silent.has(other));
          if (waitedFor.size === 0 || isEnough) finish();
        };
        for (const address of addresses) {
          asked(address, request).then(
            response => {
              answers.push(response);
              if (answers.length === 1 && !isOver) {
                cancel = clock.after(GRACE_MS, () => {
                  for (const other of waitedFor) silent.add(other);
                  finish();
                });
              }
              over(address);
            },
            () => over(address),
          );
        }
        if (addresses.length === 0) finish();
      });
    },
  };
}
