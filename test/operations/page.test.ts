/** The page that draws a fleet, in a real browser without a window. */
import { request } from 'node:http';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningChild, start } from '../integration/child';
import {
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';
import { hasBrowser, launchBrowser, membersOf, textsOf } from './browser';

const TOPIC = 'TEST_MQ';
/** A consumer's arrival or end, and the next picture, on a busy machine. */
const SOON = { timeout: 60_000, interval: 500 };

let environment: RocketmqEnvironment;
let served: RunningChild;
let url: string;

beforeAll(async () => {
  environment = await rocketmqEnvironment();
  const { rocketmq, sandbox } = environment;
  await rocketmq.createTopic(TOPIC);
  await rocketmq.createGroup('group1');
  const script = sandbox.commandLine;
  served = start({
    args: [script, 'page', '--namesrv', rocketmq.namesrv, '--interval', '0.5'],
    cwd: sandbox.directory,
    env: {},
  });
  [url = ''] = /http:\S+/.exec(await served.waitFor('http://')) ?? [];
});
afterAll(async () => {
  await served?.stop();
  await environment?.stop();
});

/** As any program may ask, with a Host of its choice. */
function ask(host: string, method = 'GET', path = '/') {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const { port } = new URL(url);
      const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, response => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      asked.once('error', reject);
      asked.end();
    },
  );
}

describe('the server', () => {
  it('listens on 127.0.0.1 and answers no foreign host', async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { host, port } = new URL(url);
    expect((await ask(host)).status).toBe(200);
    expect((await ask(`localhost:${port}`)).status).toBe(200);
    for (const foreign of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1.evil.example:${port}`]) {
      expect([foreign, (await ask(foreign)).status]).toEqual([foreign, 403]);
      expect([foreign, (await ask(foreign, 'GET', '/events')).status]).toEqual([foreign, 403]);
    }
    expect((await ask(host, 'POST')).status).toBe(405);
    expect((await ask(host, 'GET', '/../package.json')).status).toBe(404);
  });

  it('serves one document that loads nothing else', async () => {
    const { headers, body } = await ask(new URL(url).host);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; /,
    );
    expect(body).not.toMatch(/\b(src|href)=/);
  });

  it('says when its port is taken', async () => {
    const { rocketmq, sandbox } = environment;
    const script = sandbox.commandLine;
    const args = [script, 'page', '--namesrv', rocketmq.namesrv, '--port', new URL(url).port];
    const second = start({ args, cwd: sandbox.directory, env: {} });
    expect(await second.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('EADDRINUSE') });
  });
});

describe.skipIf(!hasBrowser)('in a browser (skipped where Chromium is not installed: apt install chromium)', () => {
  const problems: string[] = [];
  let browser: Browser;
  let page: Page;
  let producer: ProducerApp;
  let sending: NodeJS.Timeout;

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warn') problems.push(message.text());
    });
    page.on('pageerror', error => problems.push(String(error)));
    producer = await environment.producer([TOPIC]);
    sending = setInterval(() => {
      void producer.send({ topic: TOPIC, body: 'b' }).catch(() => {});
      void producer.send({ topic: TOPIC, body: 'g' }, GRAY).catch(() => {});
    }, 200);
  });
  afterAll(async () => {
    clearInterval(sending);
    await browser?.close();
  });

  const texts = (selector: string) => textsOf(page, selector);
  const members = (group: string) => membersOf(page, group);

  it('says that there is nobody yet, and then draws baseline, canary and stand-in as they come and go', async () => {
    await page.goto(url);
    await page.waitForSelector('#empty:not([hidden])');

    const env = {
      GRAY_MQ_NAMESRV: environment.rocketmq.namesrv,
      GRAY_STATUS: environment.sandbox.directory,
    };
    const consumer = { group: 'group1', subscriptions: { [TOPIC]: '*' }, shutsDown: true };
    const baseline = await environment.consumer(consumer, env);
    const canary = await environment.consumer(consumer, { ...env, GRAY_TAG: 'gray' });
    const baselinePid = `${baseline.child.process.pid}`;
    const canaryPid = `${canary.child.process.pid}`;

    await expect.poll(() => texts('.lane h2'), SOON).toEqual(['baseline', 'gray']);
    await expect.poll(() => members('group1_gray'), SOON).toEqual([expect.stringContaining(canaryPid)]);
    expect(await members('group1')).toEqual([expect.stringContaining(baselinePid)]);
    expect(await texts('.topic h2')).toEqual([TOPIC]);
    expect(await texts('[data-key="group1_gray"] .filter')).toEqual(["gray_tag = 'gray'"]);
    await expect.poll(() => texts('#live'), SOON).toEqual([expect.stringMatching(/^live, /)]);
    // The brokers count messages every ten seconds: from then on flows are drawn as they run.
    await expect.poll(() => page.$$eval('#flows g:not(.idle)', flows => flows.length), SOON).toBe(2);

    expect(await texts('#problems li')).toEqual([]);
    await page.type('#search', 'no such group');
    await expect.poll(() => texts('.lane h2'), SOON).toEqual([]);
    await page.$eval('#search', input => {
      (input as unknown as { value: string }).value = '';
      input.dispatchEvent(new Event('input'));
    });
    await expect.poll(() => texts('.lane h2'), SOON).toEqual(['baseline', 'gray']);
    // What one process tells of itself.
    await page.click('[data-key="group1_gray"] button.member');
    await expect.poll(() => texts('#process pre'), SOON).toEqual([expect.stringContaining('group1_gray')]);
    await page.click('#process button');

    await canary.child.stop();
    await expect
      .poll(() => members('group1_gray'), SOON)
      .toEqual([expect.stringMatching(`stand-in: .*${baselinePid}`)]);
    expect(await page.$$eval('.members .stand-in', standIns => standIns.length)).toBe(1);
    expect(await texts('.lane .standing-in')).toEqual(['the baseline stands in']);

    await baseline.child.stop('SIGKILL');
    await producer.child.stop('SIGKILL');
    expect(problems).toEqual([]);
  }, 240_000);

  it('says that the server has gone', async () => {
    await served.stop('SIGINT');
    expect((await served.ended).code).toBe(0);
    await expect
      .poll(() => texts('#live'), SOON)
      .toEqual([expect.stringMatching(/^connection lost, trying again; this was at [\d:]+$/)]);
    expect(new Set(await texts('#totals dd'))).toEqual(new Set(['–']));
    expect(await page.$eval('body', body => body.className)).toBe('past');
  });
});
