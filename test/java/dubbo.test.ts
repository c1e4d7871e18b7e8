/** Calls from and to Java Dubbo, with its own tag routing and with OpenTelemetry's agent, over a real Nacos. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../fixtures/servers/free-ports';
import type { RunningChild } from '../integration/child';
import {
  DUBBO_DEPENDENCIES,
  type Instance,
  type NacosEnvironment,
  nacosEnvironment,
} from '../integration/nacos-environment';
import { linesOf, portOf, startJava } from './java-application';

/** As npm's registry names it, and Java's. */
const SERVICE = 'fixture.HelloService';
const JAVA_SERVICE = `providers:${SERVICE}::`;
const WAIT = { timeout: 60_000, interval: 100 };

let environment: NacosEnvironment;
let echo: Server;
const started: RunningChild[] = [];
const registered: [string, Instance][] = [];

beforeAll(async () => {
  echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
  environment = await nacosEnvironment({ dependencies: DUBBO_DEPENDENCIES });
}, 300_000);
afterEach(async () => {
  await Promise.all(started.splice(0).map(child => child.stop('SIGKILL')));
  for (const [service, instance] of registered.splice(0)) await environment.deregister(service, instance);
});
afterAll(async () => {
  echo?.close();
  await environment?.stop();
});

const echoUrl = () => `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;

async function java(mainClass: string, env: Readonly<Record<string, string>>, hasOpenTelemetry = false) {
  const home = environment.sandbox.directory;
  const child = await startJava('dubbo', mainClass, env, { home, hasOpenTelemetry });
  started.push(child);
  return child;
}

/** A provider in Java, and what it registered where npm's registry looks for it: the two name services otherwise. */
async function javaProvider(env: Readonly<Record<string, string>>, hasOpenTelemetry = false): Promise<void> {
  const port = await freePort();
  const its = { NACOS: environment.nacos.address, PORT: `${port}`, ...env };
  await java('fixture.Provider', its, hasOpenTelemetry);
  await bridge(port, JAVA_SERVICE, SERVICE);
}

/** npm's registry names no interface, and a version and a group that nobody gave. */
function asJavaHasIt({ group: _group, version: _version, ...metadata }: Instance['metadata']): Instance['metadata'] {
  return { ...metadata, path: SERVICE };
}

/** What is registered as `from` is registered as `to`, too. */
async function bridge(
  port: number,
  from: string,
  to: string,
  translated: (metadata: Instance['metadata']) => Instance['metadata'] = metadata => metadata,
): Promise<void> {
  const find = async () => (await environment.instances(from)).find(instance => instance.port === port);
  await expect.poll(find, WAIT).toBeDefined();
  const found = (await find()) as Instance;
  const instance = { ...found, metadata: translated(found.metadata) };
  registered.push([to, instance]);
  await environment.register(to, instance);
}

function node(script: string, settings: object, env: Readonly<Record<string, string>>): RunningChild {
  const child = environment.start(
    `dubbo/${script}`,
    { service: SERVICE, timeout: 30_000, ...settings },
    { ECHO: echoUrl(), ...env },
  );
  started.push(child);
  return child;
}

interface Answer {
  readonly name: string;
  readonly baggage?: string;
  readonly attachments: Readonly<Record<string, string>>;
  readonly down?: string;
}

async function call(service: RunningChild, path = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${portOf(service)}/${path}`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw service.failure(`answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

const GRAY = { baggage: 'gray_tag=gray' };

describe("beside Dubbo's own tag routing", () => {
  it('calls land on the Java provider of their environment, and carry its tag', async () => {
    await Promise.all([javaProvider({ NAME: 'baseline' }), javaProvider({ NAME: 'gray', TAG: 'gray' })]);
    const caller = node('consumer.js', {}, { GRAY_INTEROP: 'dubbo' });
    await caller.waitFor('"port"');
    const untagged = [];
    for (let index = 0; index < 12; index++) untagged.push((await call(caller)).name);
    expect(untagged).toEqual(Array(12).fill('baseline'));
    const tagged = await call(caller, '', GRAY);
    // Dubbo itself takes `dubbo.tag` out of what it shows its services.
    expect(tagged).toMatchObject({ name: 'gray', attachments: { gray_tag: 'gray' } });
  }, 240_000);

  it('a provider is registered with the tag that Java looks for, and handles calls of Java in it', async () => {
    const providers = await Promise.all(
      [{}, { GRAY_TAG: 'gray' }].map(async env => {
        const provider = node('provider.js', { name: 'provider' }, { GRAY_INTEROP: 'dubbo', ...env });
        return (JSON.parse(await provider.waitFor('"ready"')) as { ready: number }).ready;
      }),
    );
    const registeredTag = async (port: number) => {
      const instance = (await environment.instances(SERVICE)).find(one => one.port === port);
      return instance && (instance.metadata['dubbo.tag'] ?? 'none');
    };
    for (const [index, tag] of ['none', 'gray'].entries()) {
      await expect.poll(() => registeredTag(providers[index] as number), WAIT).toBe(tag);
    }
    const url = `dubbo://127.0.0.1:${providers[0]}/${SERVICE}?serialization=hessian2`;
    const caller = await java('fixture.Consumer', { URL: url });
    expect((await call(caller)).baggage).toBeUndefined();
    expect(await call(caller, '?dubbo.tag=gray')).toMatchObject({ baggage: 'gray_tag=gray' });
  }, 240_000);

  it('Java finds the provider of its tag in Nacos', async () => {
    for (const env of [{}, { GRAY_TAG: 'gray' }]) {
      const name = 'GRAY_TAG' in env ? 'gray' : 'baseline';
      const provider = node('provider.js', { name }, { GRAY_INTEROP: 'dubbo', ...env });
      const { ready } = JSON.parse(await provider.waitFor('"ready"')) as { ready: number };
      await bridge(ready, SERVICE, JAVA_SERVICE, asJavaHasIt);
    }
    const caller = await java('fixture.Consumer', { NACOS: environment.nacos.address });
    const nameOf = (query: string) => call(caller, query).then(({ name }) => name, String);
    // It hears of one after the other, and a call before that fails.
    for (const [query, name] of [
      ['', 'baseline'],
      ['?dubbo.tag=gray', 'gray'],
    ] as const) {
      await expect.poll(() => nameOf(query), WAIT).toBe(name);
    }
    for (let index = 0; index < 6; index++) {
      expect((await call(caller)).name).toBe('baseline');
      expect((await call(caller, '?dubbo.tag=gray')).name).toBe('gray');
    }
  }, 240_000);

  it('attachments of Triple are headers, and read as such', async () => {
    environment.sandbox.write(
      'java/http2-server.cjs',
      `const http2 = require('node:http2');
      const { activeTag } = require('rocketmq-gray');
      const server = http2.createServer((request, response) => {
        console.log(JSON.stringify({ tag: activeTag() ?? null }));
        response.writeHead(503).end();
      });
      // Dubbo looks for a loopback address on the network card.
      server.listen(0, () => console.log(JSON.stringify({ port: server.address().port })));`,
    );
    const server = environment.start('java/http2-server.cjs', {}, { GRAY_INTEROP: 'dubbo' });
    started.push(server);
    await server.waitFor('"port"');
    const url = `tri://127.0.0.1:${portOf(server)}/${SERVICE}`;
    const caller = await java('fixture.Consumer', { URL: url, PROTOCOL: 'tri' });
    /** The tag that the server saw last, or the error of the call that did not get there. */
    const seen = async (query: string) => {
      const before = linesOf(server, 'tag').length;
      // The server answers nothing that Java understands.
      const error = await call(caller, query).then(() => 'an answer', String);
      return (
        linesOf(server, 'tag').slice(before).at(-1)?.tag ?? (linesOf(server, 'tag').length > before ? 'none' : error)
      );
    };
    // A call that comes before there is a connection fails without one.
    await expect.poll(() => seen(''), WAIT).toBe('none');
    await expect.poll(() => seen('?gray_tag=gray'), WAIT).toBe('gray');
    await expect.poll(() => seen('?dubbo.tag=blue'), WAIT).toBe('blue');
  }, 240_000);
});

describe("beside OpenTelemetry's Java agent", () => {
  it('the tag of a call goes through Java, and comes back', async () => {
    await javaProvider({ NAME: 'baseline', DOWN: `${echoUrl()}/` }, true);
    const caller = node('consumer.js', {}, { GRAY_INTEROP: 'otel' });
    await caller.waitFor('"port"');
    const { attachments, down } = await call(caller, '', GRAY);
    expect(attachments).toMatchObject({ gray_tag: 'gray', baggage: 'gray_tag=gray' });
    expect((JSON.parse(down ?? '') as { baggage?: string }).baggage).toBe('gray_tag=gray');
    const plain = await call(caller);
    expect(plain.attachments).not.toHaveProperty('baggage');
  }, 240_000);

  it('a call that Java makes in a gray request is handled as gray', async () => {
    const provider = node('provider.js', { name: 'baseline' }, { GRAY_INTEROP: 'otel' });
    const { ready } = JSON.parse(await provider.waitFor('"ready"')) as { ready: number };
    const url = `dubbo://127.0.0.1:${ready}/${SERVICE}?serialization=hessian2`;
    const caller = await java('fixture.Consumer', { URL: url }, true);
    expect(await call(caller, '', { baggage: 'a=1,gray_tag=gray' })).toMatchObject({ baggage: 'gray_tag=gray' });
    expect((await call(caller)).baggage).toBeUndefined();
  }, 240_000);
});
