/**
 * A document that Nacos keeps, by its HTTP interface: `/nacos/v3/client/cs/config` (3.x), where that is missing
 * `/nacos/v1/cs/configs` (1.x and 2.x).
 */
import type { IncomingMessage } from 'node:http';

export interface NacosSource {
  readonly kind: 'nacos';
  /** The URL, as people are told it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly dataId: string;
  readonly group: string;
  /** Empty: the one of everybody. */
  readonly namespace: string;
  readonly account: NacosAccount | undefined;
}

export interface NacosAccount {
  readonly username: string;
  readonly password: string;
}

/** A document's text; undefined: there is no such document. */
export interface NacosAnswer {
  readonly text: string | undefined;
}

export const NACOS_URL_GRAMMAR = 'nacos://host:8848/<dataId>?group=<group>&namespace=<id>';

const DEFAULT_PORT = 8848;
const DEFAULT_GROUP = 'DEFAULT_GROUP';
const LONGEST_ANSWER = 1024 * 1024;

/** Undefined: that is no URL of a document. */
export function nacosSource(reference: string, account: NacosAccount | undefined): NacosSource | undefined {
  let url: URL;
  let dataId: string;
  try {
    // Only some protocols have hosts in lower case, brackets and the like.
    url = new URL(reference.replace(/^nacos:/, 'http:'));
    dataId = decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined;
  }
  const { hostname, port, searchParams, username, password } = url;
  const isKnown = [...searchParams.keys()].every(key => key === 'group' || key === 'namespace');
  // An account in a URL would be told to everybody who sees the line.
  if (dataId === '' || dataId.includes('/') || !isKnown || username !== '' || password !== '') return undefined;
  const namespace = searchParams.get('namespace') ?? '';
  return {
    kind: 'nacos',
    name: reference,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (/:80(?:\/|$)/.test(reference) ? 80 : DEFAULT_PORT)),
    dataId,
    group: searchParams.get('group') || DEFAULT_GROUP,
    namespace: namespace === 'public' ? '' : namespace,
    account,
  };
}

/**
 * @returns asks for the document as it is now; logs in where there is an account, and again when that has run out
 * @param timeout ms, of each request
 */
export function nacosClient(source: NacosSource, timeout: number): () => Promise<NacosAnswer> {
  let token: { readonly text: string; readonly until: number } | undefined;

  async function logIn(account: NacosAccount): Promise<string> {
    if (token !== undefined && Date.now() < token.until) return token.text;
    const form = new URLSearchParams({ ...account }).toString();
    for (const path of ['/nacos/v3/auth/user/login', '/nacos/v1/auth/login']) {
      const { status, text } = await call(source, path, timeout, form);
      const answer = parsed(text) as { accessToken?: unknown; tokenTtl?: unknown } | undefined;
      if (status === 200 && typeof answer?.accessToken === 'string') {
        const seconds = typeof answer.tokenTtl === 'number' ? answer.tokenTtl : 600;
        // Before it has run out.
        token = { text: answer.accessToken, until: Date.now() + seconds * 800 };
        return token.text;
      }
      if (status === 403 || status === 401 || (status === 500 && /password|user/i.test(text))) break;
    }
    throw new Error(`the user ${account.username} cannot log in`);
  }

  return async () => {
    const { account, dataId, group, namespace } = source;
    const accessToken = account === undefined ? {} : { accessToken: await logIn(account) };
    const newer = new URLSearchParams({ dataId, groupName: group, namespaceId: namespace || 'public', ...accessToken });
    const answer = await call(source, `/nacos/v3/client/cs/config?${newer}`, timeout);
    const body = parsed(answer.text) as { code?: unknown; message?: unknown; data?: { content?: unknown } } | undefined;
    // An error page of a server that does not know the path has no code of Nacos.
    if (typeof body?.code === 'number') {
      if (body.code === 0 && typeof body.data?.content === 'string') return { text: body.data.content };
      if (body.code === 20004) return { text: undefined };
      if (answer.status === 403) token = undefined;
      throw new Error(`Nacos answers ${body.code} ${String(body.message)}`);
    }
    const older = new URLSearchParams({ dataId, group, ...(namespace && { tenant: namespace }), ...accessToken });
    const { status, text } = await call(source, `/nacos/v1/cs/configs?${older}`, timeout);
    if (status === 200) return { text };
    if (status === 404 && /config data not exist/i.test(text)) return { text: undefined };
    if (status === 403) token = undefined;
    throw new Error(`Nacos answers with status ${status}`);
  };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps no process alive. @param form sent by POST */
function call(
  { host, port }: NacosSource,
  path: string,
  timeout: number,
  form?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const { request: make } = require('node:http') as typeof import('node:http');
  return new Promise((resolve, reject) => {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const method = form === undefined ? 'GET' : 'POST';
    const request = make({ host, port, path, method, headers, agent: false, timeout });
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    // One that answers byte by byte is as bad as one that does not.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeout} ms`)), timeout).unref();
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > LONGEST_ANSWER) request.destroy(new Error('its answer does not end'));
      });
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('socket', socket => socket.unref());
    request.on('error', fail);
    request.end(form);
  });
}
