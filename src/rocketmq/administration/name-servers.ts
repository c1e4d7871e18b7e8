/**
 * How the name servers of a cluster are asked. One of them may be away or hang: its host is switched off, or its process is
 * stopped. Then it must not cost everybody its time-out, again and again.
 */

import type { NameServerList } from '../remoting/address-server';
import type { RemotingResponse } from '../remoting/connection';
import type { Runtime } from '../remoting/runtime';

export interface NameServers {
  /** The answer of the one that answers first. @throws when none does: what the last of them said */
  ask(request: Request): Promise<FirstAnswer>;
  /**
   * The answers of all that answer; those that do not are waited for a moment at most, once another has answered. Each gets
   * the request. No answers when none answers.
   */
  askEach(request: Request): Promise<{ readonly answers: readonly RemotingResponse[]; readonly asked: number }>;
}

export interface FirstAnswer {
  readonly response: RemotingResponse;
  readonly address: string;
}

/** Asks one server. */
export type Request = (address: string) => Promise<RemotingResponse>;

/** Before the next one is asked as well, ms. A name server answers within a few. */
const HEDGE_MS = 300;
/** For the others, once one has answered, ms. */
const GRACE_MS = 500;

export function nameServers(list: NameServerList, runtime: Runtime): NameServers {
  const { silent } = runtime;
  /** The one that answered last. */
  let preferred: string | undefined;

  /** The silent ones last. */
  function inOrder(addresses: readonly string[]): string[] {
    const isPreferred = (address: string) => Number(address === preferred);
    const first = [...addresses].sort((one, other) => isPreferred(other) - isPreferred(one));
    return [...first.filter(address => !silent.has(address)), ...first.filter(address => silent.has(address))];
  }

  /** Whoever answers is silent no longer. */
  const heard = (request: Request): Request => {
    return async address => {
      const response = await request(address);
      silent.remove(address);
      return response;
    };
  };

  return {
    async ask(request) {
      const answer = await firstAnswer(inOrder(await list()), heard(request), runtime);
      preferred = answer.address;
      return answer;
    },
    async askEach(request) {
      const addresses = await list().catch(() => []);
      return { answers: await answersInTime(addresses, heard(request), runtime), asked: addresses.length };
    },
  };
}

/** Asks one after the other, each when those before have refused or had their time. */
function firstAnswer(order: readonly string[], request: Request, { clock, silent }: Runtime): Promise<FirstAnswer> {
  return new Promise((resolve, reject) => {
    const unanswered = new Set<string>();
    let isOver = false;
    let asked = 0;
    let cancel = () => {};

    const answered = (address: string, response: RemotingResponse): void => {
      unanswered.delete(address);
      if (isOver) return;
      isOver = true;
      cancel();
      // They were asked before it, and have had their time.
      for (const other of order.slice(0, order.indexOf(address))) if (unanswered.has(other)) silent.add(other);
      resolve({ response, address });
    };
    const failed = (address: string, error: unknown): void => {
      unanswered.delete(address);
      if (asked < order.length) next();
      else if (unanswered.size === 0 && !isOver) reject(error);
    };
    const next = (): void => {
      cancel();
      const address = order[asked];
      if (isOver || address === undefined) return;
      asked++;
      unanswered.add(address);
      if (asked < order.length) cancel = clock.after(HEDGE_MS, next);
      request(address).then(
        response => answered(address, response),
        error => failed(address, error),
      );
    };
    if (order.length === 0) reject(new Error('no name server is given'));
    else next();
  });
}

/** Asks all at the same time, and waits for those that are not silent; a moment at most, once one has answered. */
function answersInTime(
  addresses: readonly string[],
  request: Request,
  { clock, silent }: Runtime,
): Promise<RemotingResponse[]> {
  return new Promise(resolve => {
    const answers: RemotingResponse[] = [];
    const waitedFor = new Set(addresses);
    let cancel = () => {};

    const finish = (): void => {
      cancel();
      resolve([...answers]);
    };
    const settled = (address: string): void => {
      waitedFor.delete(address);
      const isEnough = answers.length > 0 && [...waitedFor].every(other => silent.has(other));
      if (waitedFor.size === 0 || isEnough) finish();
    };
    const outOfTime = (): void => {
      for (const other of waitedFor) silent.add(other);
      finish();
    };
    for (const address of addresses) {
      request(address).then(
        response => {
          if (answers.push(response) === 1) cancel = clock.after(GRACE_MS, outOfTime);
          settled(address);
        },
        () => settled(address),
      );
    }
    if (addresses.length === 0) finish();
  });
}
