/** A document that Nacos keeps: which URL is one, and how servers of 2.x and 3.x are asked, with and without an account. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { nacosClient, nacosSource } from '../../src/config/nacos';

describe('a URL', () => {
  it.each([
    ['nacos://mq/gray.json', { host: 'mq', port: 8848, dataId: 'gray.json', group: 'DEFAULT_GROUP', namespace: '' }],
    ['nacos://mq:80/a', { port: 80 }],
    ['nacos://mq:8849/a%2Bb?group=shop&namespace=dev', { port: 8849, dataId: 'a+b', group: 'shop', namespace: 'dev' }],
    ['nacos://[::1]:8848/a', { host: '::1' }],
    ['nacos://mq/a?namespace=public', { namespace: '' }],
  ])('%s', (url, expected) => {
    expect(nacosSource(url, undefined)).toMatchObject({ kind: 'nacos', name: url, ...expected });
  });

  it.each([
    'nacos://',
    'nacos://mq',
    'nacos://mq/',
    'nacos://mq/a/b',
    'nacos://mq/a?tenant=b',
    'nacos://u:p@mq/a',
    'nacos://mq/%',
  ])('%s is none', url => expect(nacosSource(url, undefined)).toBe(undefined));
});

let server: Server | undefined;
afterEach(() => server?.close());

type Answer = readonly [status: number, body: unknown];

/** @param answer of a path, its parameters and a form */
async function asking(answer: (path: string, query: URLSearchParams, form: string) => Answer, account = false) {
  const asked: string[] = [];
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let form = '';
    request.on('data', chunk => {
      form += chunk;
    });
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://a');
      asked.push(`${request.method} ${pathname}`);
      const [status, body] = answer(pathname, searchParams, form);
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const of = account ? { username: 'nacos', password: 'p&w' } : undefined;
  const source = nacosSource(`nacos://127.0.0.1:${port}/gray.json?group=shop&namespace=dev`, of);
  if (source === undefined) throw new Error('no URL');
  return { ask: nacosClient(source, 2_000), asked };
}

const NEWER = '/nacos/v3/client/cs/config';
const OLDER = '/nacos/v1/cs/configs';

describe('a server', () => {
  it('of 3.x', async () => {
    const { ask, asked } = await asking((_path, query) => [
      200,
      { code: 0, message: 'success', data: { content: `${query.get('groupName')} ${query.get('namespaceId')}` } },
    ]);
    expect(await ask()).toEqual({ text: 'shop dev' });
    expect(asked).toEqual([`GET ${NEWER}`]);
  });

  it('of 3.x without the document', async () => {
    const { ask } = await asking(() => [404, { code: 20004, message: 'resource not found', data: null }]);
    expect(await ask()).toEqual({ text: undefined });
  });

  it('of 2.x, which knows no such path', async () => {
    const { ask, asked } = await asking((path, query) =>
      path === OLDER
        ? [200, `${query.get('group')} ${query.get('tenant')}`]
        : [404, { status: 404, error: 'Not Found' }],
    );
    expect(await ask()).toEqual({ text: 'shop dev' });
    expect(asked).toEqual([`GET ${NEWER}`, `GET ${OLDER}`]);
  });

  it('of 2.x without the document', async () => {
    const { ask } = await asking(path => [404, path === OLDER ? 'config data not exist' : 'nothing here']);
    expect(await ask()).toEqual({ text: undefined });
  });

  it.each<[string, Answer]>([
    ['refuses', [403, { code: 10002, message: 'access denied' }]],
    ['fails', [500, 'oh']],
  ])('that %s gives no document', async (_name, answer) => {
    const { ask } = await asking(() => answer);
    await expect(ask()).rejects.toThrow(/Nacos answers/);
  });
});

describe('an account', () => {
  it('logs in once, and again when its token is refused', async () => {
    let tokens = 0;
    let valid = 't1';
    const { ask, asked } = await asking((path, query, form) => {
      if (path.endsWith('/login')) {
        expect(form).toBe('username=nacos&password=p%26w');
        return [200, { accessToken: `t${++tokens}`, tokenTtl: 18_000 }];
      }
      return query.get('accessToken') === valid
        ? [200, { code: 0, data: { content: 'x' } }]
        : [403, { code: 10002, message: 'token invalid' }];
    }, true);
    expect([await ask(), await ask()]).toEqual([{ text: 'x' }, { text: 'x' }]);
    expect(asked.filter(call => call.includes('login'))).toEqual(['POST /nacos/v3/auth/user/login']);
    valid = 't2';
    await expect(ask()).rejects.toThrow('token invalid');
    expect(await ask()).toEqual({ text: 'x' });
  });

  it('of 2.x logs in by the older path', async () => {
    const { ask, asked } = await asking(path => {
      if (path === '/nacos/v1/auth/login') return [200, { accessToken: 't', tokenTtl: 18_000 }];
      return path === OLDER ? [200, 'x'] : [404, 'nothing here'];
    }, true);
    expect(await ask()).toEqual({ text: 'x' });
    expect(asked.slice(0, 2)).toEqual(['POST /nacos/v3/auth/user/login', 'POST /nacos/v1/auth/login']);
  });

  it('that is wrong is named, without its password', async () => {
    const { ask } = await asking(() => [403, 'unknown user!'], true);
    await expect(ask()).rejects.toThrow(/^the user nacos cannot log in$/);
  });
});
