/**
 * One `baggage` header, where somebody else writes one too: OpenTelemetry's instrumentation of undici adds its own to the
 * request itself, which is made within the dispatch (channel `undici:request:create`), and perhaps removes ours. Sentry writes
 * its members into ours, and has OpenTelemetry add them once more (9). So the channel is listened to behind them.
 */
import { type Channel, channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Agent } from '../../agent/agent';
import { joinBaggage } from '../../propagation/baggage';
import { BAGGAGE, changeHeaderList, type HeaderChange } from '../../propagation/http-headers';

/** The part of undici's Request that is used: a flat list of names and values, before 6 the text that is sent. */
interface Request {
  headers?: unknown;
}

const CREATED = 'undici:request:create';
const created = channel(CREATED) as Channel & { readonly _subscribers?: readonly unknown[] };

/** What the call that is being dispatched carries. */
let dispatched: { readonly agent: Agent; readonly tag: string | undefined } | undefined;
let isListening = false;

/** Runs `dispatch`, in which the request of a call with the outgoing tag `tag` is made. */
export function withOneBaggage<T>(agent: Agent, tag: string | undefined, dispatch: () => T): T {
  listenLast();
  const outer = dispatched;
  dispatched = { agent, tag };
  try {
    return dispatch();
  } finally {
    dispatched = outer;
  }
}

/** Who instruments undici may do so at any time. */
function listenLast(): void {
  const { _subscribers: all } = created;
  if (isListening && (all === undefined || all[all.length - 1] === onCreated)) return;
  unsubscribe(CREATED, onCreated);
  subscribe(CREATED, onCreated);
  isListening = true;
}

function onCreated(message: unknown): void {
  if (dispatched === undefined) return;
  const { agent, tag } = dispatched;
  agent.guard('the headers of an undici call', undefined, () => {
    const changes = agent.headers.changes(tag).filter(({ name }) => name === BAGGAGE);
    if (changes.length > 0) fold((message as { request: Request }).request, changes);
  });
}

function fold(request: Request, changes: readonly HeaderChange[]): void {
  const { headers } = request;
  if (typeof headers === 'string') {
    const text = textOf(changeHeaderList(withOne(listOf(headers)), changes));
    if (text !== headers) request.headers = text;
  } else if (Array.isArray(headers)) {
    const list = changeHeaderList(withOne(headers), changes);
    if (list.length !== headers.length || list.some((value, at) => value !== headers[at])) request.headers = list;
  }
}

/** The list with one `baggage` header, in the place of the first. */
function withOne(list: readonly unknown[]): readonly unknown[] {
  const values: string[] = [];
  const folded: unknown[] = [];
  let place = 0;
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [name, value] = [list[at], list[at + 1]];
    const isBaggage = String(name).toLowerCase() === BAGGAGE;
    if (isBaggage) values.push(String(value));
    if (isBaggage && values.length === 1) place = folded.length;
    if (!isBaggage || values.length === 1) folded.push(name, value);
  }
  if (values.length < 2) return list;
  folded[place + 1] = joinBaggage(values);
  return folded;
}

function listOf(text: string): string[] {
  return text
    .split('\r\n')
    .filter(line => line !== '')
    .flatMap(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    });
}

function textOf(list: readonly unknown[]): string {
  let text = '';
  for (let at = 0; at < list.length; at += 2) text += `${list[at]}: ${list[at + 1]}\r\n`;
  return text;
}
