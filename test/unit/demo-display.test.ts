/** What people see of the demo: its table fits a page of 100 columns, its lines have colours and move on a terminal alone. */
import { stripVTControlCharacters } from 'node:util';
import { createColors } from 'picocolors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../fixtures/demo/call-verdicts';
import { createDisplay, type Screen } from '../../fixtures/demo/display';
import { painted, statusLine, timeOf } from '../../fixtures/demo/display-text';
import { hasBrowser } from '../../fixtures/demo/fleet-page';
import type { Observation } from '../../fixtures/demo/message-verdicts';
import { pictureOf } from '../../fixtures/demo/picture';
import { report } from '../../fixtures/demo/report';
import { paragraph, tableText, WIDTH } from '../../fixtures/demo/table';
import { USERS } from '../../fixtures/demo/users';
import type { NotRun } from '../../fixtures/rocketmq-clients/client';
import { SERVICE_CLIENTS, serviceOf } from '../../fixtures/rocketmq-clients/clients';

const PLAIN = createColors(false);
const COLOURED = createColors(true);

const widest = (text: string) =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map(line => line.length),
  );

describe('the table of the demo fits 100 columns', () => {
  const phases = { complete: { from: 0, to: 1 }, withoutBgray: { from: 2, to: 3 }, returned: { from: 4, to: 5 } };
  /** Nothing was seen, so that each row is broken, with its reason. */
  const broken: Observation = { sent: [], baseline: [], canary: [], baselineTakingAll: [], failed: [] };
  /** Everything went wrong, in words as they come. */
  const astray: Observation = {
    sent: (['baseline', 'gray'] as const).flatMap(environment =>
      [true, false].map(withAgent => ({ id: `0102${'A1'.repeat(14)}`, environment, withAgent })),
    ),
    baseline: [],
    canary: [{ id: 'other', result: 'A[127.0.0.1]', baggage: [null], began: 0, ended: 1 }],
    baselineTakingAll: [],
    failed: [
      { id: `0102${'A1'.repeat(14)}`, error: `Error: ${'no provider is there '.repeat(9)}`, began: 0, ended: 1 },
    ],
  };
  const users: Call[] = Object.values(USERS).flatMap(names =>
    names.map(user => ({ environment: 'gray', user, result: 'Agray[127.0.0.1]', began: 0, ended: 1 })),
  );
  const pulls: (Observation | NotRun)[] = SERVICE_CLIENTS.map(client => serviceOf(client).pull ?? broken);
  const variants = [broken, astray].flatMap(push =>
    [push, ...pulls].flatMap(pull =>
      [false, true].flatMap(byPercent => [PLAIN, COLOURED].map(colors => ({ push, pull, byPercent, colors }))),
    ),
  );

  it.each(variants)('variant %#', ({ push, pull, byPercent, colors }) => {
    const { text, kept } = report({ requests: users, push, pull }, phases, colors, { byPercent });
    expect(kept).toBe(false);
    expect(widest(text)).toBeLessThanOrEqual(WIDTH);
    if (byPercent) expect(text).toContain('no user changes sides: 24 gray users seen, 376 others');
  });

  it('also with promises that are longer than a line', () => {
    const text = 'a promise in many words '.repeat(8).trim();
    const rows = [
      { text, contradictions: { request: [], push: ['contradicted '.repeat(20).trim()], pull: undefined } },
    ];
    const columns = ['request', 'push', 'pull'];
    const table = { legend: text, columns, parts: [{ name: 'calls', columns, rows }], notes: [text] };
    const printed = tableText(table, PLAIN);
    expect(widest(printed)).toBeLessThanOrEqual(WIDTH);
    expect(printed).toContain('PASS     FAIL  -');
  });

  it('and so do the words below it', () => {
    expect(widest(paragraph('what this was, and what it means '.repeat(12)))).toBeLessThanOrEqual(WIDTH);
  });
});

describe('a line', () => {
  it('has its time before it', () => {
    expect([timeOf(1_234), timeOf(123_456)]).toEqual(['[  1.2 s] ', '[123.5 s] ']);
  });

  it.each([
    ['Bgray comes back', PLAIN, 'Bgray comes back'],
    ['Bgray comes back', COLOURED, `${COLOURED.bold(`${COLOURED.magenta('Bgray')} comes back`)}`],
    [
      '  gray      Agray[127.0.0.1] -> B[127.0.0.1]',
      COLOURED,
      `  ${COLOURED.magenta('gray')}      ${COLOURED.magenta('Agray[127.0.0.1]')}${COLOURED.dim(' -> ')}${COLOURED.cyan('B[127.0.0.1]')}`,
    ],
    ['A-push topic:TEST_MQ', COLOURED, 'A-push topic:TEST_MQ'],
  ])('%j is painted', (line, colors, expected) => {
    expect(painted(line, colors)).toBe(expected);
  });

  it('that moves is no wider than the screen, and says what was done where there is room', () => {
    const step = 'Bgray leaves the registry and ends, while requests go on';
    for (let columns = 1; columns <= 140; columns++) {
      for (const counts of [undefined, { requests: 1_234, messages: 1_200 }]) {
        const text = statusLine(12_345, step, counts, columns);
        expect(text.length).toBeLessThanOrEqual(Math.max(1, columns - 1));
      }
    }
    expect(statusLine(12_345, step, { requests: 12, messages: 9 }, 100)).toBe(
      `⠸  12.3 s  ${step}  12 requests, 9 messages`,
    );
  });
});

describe('what is written', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function written(screen: Partial<Screen>, environment: NodeJS.ProcessEnv): string {
    let text = '';
    const display = createDisplay({ ...screen, write: more => (text += more) }, environment);
    display.say('starting the services');
    vi.advanceTimersByTime(1_000);
    display.count({ requests: 3, messages: 2 });
    display.say('  B, Bgray');
    vi.advanceTimersByTime(100);
    display.end();
    display.end();
    return text;
  }
  const LINES = '[  0.0 s] starting the services\n[  1.0 s]   B, Bgray\n';

  it.each([
    ['a pipe', {}, {}],
    ['a pipe of CI', {}, { CI: 'true' }],
    ['a terminal without abilities', { isTTY: true }, { TERM: 'dumb' }],
    ['a terminal of CI that wants no colours', { isTTY: true }, { CI: 'true', NO_COLOR: '1' }],
  ])('to %s is lines alone', (_name, screen, environment) => {
    expect(written(screen, environment)).toBe(LINES);
  });

  it('to a terminal has colours, and a line below that moves and is taken away', () => {
    const text = written({ isTTY: true, columns: 80 }, {});
    expect(text).toContain(COLOURED.magenta('Bgray'));
    expect(text).toMatch(/starting the services {2}3 requests, 2 messages/);
    expect(text.endsWith('\r\u001b[2K')).toBe(true);
    const lines = stripVTControlCharacters(text).split('\n');
    expect(lines.map(line => line.split('\r').at(-1))).toEqual([
      '[  0.0 s] starting the services',
      '[  1.0 s]   B, Bgray',
      '',
    ]);
  });

  it('moves without colours where NO_COLOR wants none', () => {
    const text = written({ isTTY: true, columns: 80 }, { NO_COLOR: '1' });
    expect(text).toContain('\u001b[2K');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are such
    expect(text).not.toMatch(/\u001b\[[0-9;]*m/);
  });
});

it.each([
  [{ DISPLAY: ':0' }, true, true],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, true, true],
  [{ DISPLAY: ':0', CI: 'true' }, true, false],
  [{ DISPLAY: ':0' }, false, false],
  [{}, true, false],
])('a browser opens with %j, on a terminal: %s: %s', (environment, isTerminal, opens) => {
  expect(hasBrowser(environment, isTerminal)).toBe(opens);
});

describe('the picture', () => {
  const text = [COLOURED.bold(`a ${COLOURED.magenta('Bgray')} -> b`), '', `x & <y>  ${COLOURED.green('PASS')}`].join(
    '\n',
  );
  const picture = pictureOf(text);

  it('has each part of a line at its place, in its colour', () => {
    expect(picture).toContain('<tspan x="18.0" textLength="16.8" font-weight="bold">a </tspan>');
    expect(picture).toContain('<tspan x="34.8" textLength="42.0" font-weight="bold" fill="#d2a8ff">Bgray</tspan>');
    expect(picture).toContain('<tspan x="93.6" textLength="33.6" fill="#3fb950">PASS</tspan>');
    expect(picture.match(/<text /g)).toHaveLength(3);
  });

  it('has no code of a terminal in it, and no character that XML reserves', () => {
    expect(picture).not.toContain('\u001b');
    expect(picture).toContain('x &amp; &lt;y&gt;');
  });
});
