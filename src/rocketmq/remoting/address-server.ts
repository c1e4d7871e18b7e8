/**
 * An address server tells the name servers of a cluster: plain text, `host:port;host:port`, as an answer to GET. Java clients
 * ask it again every two minutes (TopAddressing.java, MQClientInstance.java), and so does the agent, as long as it is used.
 */
import { isAddressServer, parseNameServers } from '../../names/addresses';
import type { Clock } from './clock';

/** The name servers, `host:port` each. @throws Error when they are not known */
export type NameServerList = () => Promise<readonly string[]>;

/** GETs a URL. @throws Error for what is no text with status 200 */
export type Fetch = (url: string) => Promise<string>;

const ASK_AGAIN_MS = 120_000;
/** After an answer that could not be used. */
const RETRY_MS = 5_000;
const TIMEOUT_MS = 3_000;
const LONGEST_ANSWER = 64 * 1024;

/** @param namesrv `host:port;host:port`, or the URL of an address server */
export function nameServerList(namesrv: string, { now }: Pick<Clock, 'now'>, fetchText: Fetch = get): NameServerList {
  if (!isAddressServer(namesrv)) {
    const addresses = (parseNameServers(namesrv) ?? namesrv).split(/[;,\s]+/).filter(address => address !== '');
    return async () => addresses;
  }
  let known: readonly string[] | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let underWay: Promise<void> | undefined;

  async function ask(): Promise<void> {
    askedAt = now();
    try {
      const text = (await fetchText(namesrv)).trim();
      const parsed = isAddressServer(text) ? undefined : parseNameServers(text);
      if (parsed === undefined)
        throw new Error(`it answers ${JSON.stringify(text.slice(0, 100))}, not host:port;host:port`);
      known = parsed.split(';');
      failure = undefined;
    } catch (error) {
      failure = error;
    }
  }

  return async () => {
    const isDue = now() - askedAt >= (failure === undefined ? ASK_AGAIN_MS : RETRY_MS);
    if (isDue) {
      underWay ??= ask().finally(() => {
        underWay = undefined;
      });
    }
    // Later answers are not waited for: the former ones are good meanwhile.
    if (known === undefined) await underWay;
    if (known !== undefined) return known;
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new Error(`the address server ${namesrv} does not tell the name servers: ${reason}`);
  };
}

/** Keeps no process alive. */
function get(url: string): Promise<string> {
  const { get } = (
    url.startsWith('https:') ? require('node:https') : require('node:http')
  ) as typeof import('node:http');
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        text += chunk;
        if (text.length > LONGEST_ANSWER) response.destroy(new Error('its answer does not end'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.on('socket', socket => socket.unref());
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
  });
}
