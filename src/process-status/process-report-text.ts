/** A process's report as people read it. Pure. */
import type { SettingSource } from '../config/load';
import type { ConsumerReport } from '../rocketmq/consumer/consumer-report';
import type { FilterExpression } from '../rocketmq/plan/filter-expression';
import type { ProcessReport } from './process-report';

/** @param threads sockets of the other threads of the process */
export function processReportText(report: ProcessReport, threads: readonly string[] = []): string {
  const { version, tag, process, settings, document, libraries, consumers } = report;
  const thread = process.thread === 0 ? '' : `, thread ${process.thread}`;
  const sections: (readonly [string, readonly string[]])[] = [
    [
      `process ${process.pid}${thread}: rocketmq-gray ${version}, ${tag === null ? 'baseline' : `tag ${tag}`}`,
      [
        `${process.script ?? 'no script'}, Node.js ${process.node}, up ${duration(process.uptime)}`,
        ...threads.map(path => `a worker thread tells of itself at ${path}`),
      ],
    ],
    [
      document === null ? 'settings' : `settings ${document.digits} of ${document.name}`,
      table(settings.map(({ variable, value, source }) => [variable, valueText(value), sourceText(source)])),
    ],
    [
      'libraries',
      table(
        libraries.map(({ module, version, versions, isKnown, patched, failed, directory }) => [
          module,
          version,
          isKnown
            ? [`${patched.length} files patched`, ...failed.map(file => `the hook of ${file} FAILED`)].join(', ')
            : `left alone, known are ${versions}`,
          directory,
        ]),
      ),
    ],
    ['consumers', consumers.flatMap(consumerLines)],
    ['counts', countLines(report)],
  ];
  return `${sections.map(([title, lines]) => section(title, lines)).join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...(lines.length > 0 ? lines : ['none']).map(line => `  ${line}`), ''].join('\n').trimEnd();
}

function consumerLines(consumer: ConsumerReport): string[] {
  const { client, baselineGroup, group, filterSide, topics, tags, isAnnounced, copies } = consumer;
  const name = group === baselineGroup ? group : `${baselineGroup} -> ${group}`;
  const side = filterSide === 'client' ? ', other environments are skipped in the client' : '';
  return [
    `${name} (${client}${side})`,
    ...(isAnnounced === false
      ? ['  NOT ANNOUNCED: the baseline does not know of it, and takes its messages as well']
      : []),
    ...(copies === undefined
      ? []
      : [`  ${copies.isThere ? 'also copies' : 'NO COPIES YET'} of untagged messages, in ${copies.group}`]),
    ...topics.map(({ topic, asked, filter }) => {
      const [before, after] = [filterText(asked), filterText(filter)];
      return `  ${topic}: ${before === after ? before : `${before} -> ${after}`}`;
    }),
    ...tags.map(({ tag, phase, reason, canary, canaryHasAgent, standIn, group: canaryGroup }) => {
      const why = phase === 'managed' ? `managed (${reason})` : phase;
      const present = canaryHasAgent ? 'its canary is there' : 'a canary without this agent is there';
      const who = canary === 'present' ? present : canary === 'absent' ? 'no canary' : 'not known who is there';
      return `  ${tag}, ${canaryGroup}: ${why}, ${who}, stand-in ${standIn}`;
    }),
  ];
}

function filterText({ type, expression }: FilterExpression): string {
  return type === 'SQL92' ? `SQL92 ${expression}` : expression;
}

function countLines({ counts, hasMeterProvider }: ProcessReport): string[] {
  const {
    messagesSince,
    sent,
    consumed,
    skipped,
    givenBack,
    routed,
    ruled,
    settingsChanges,
    malformedTags,
    hookErrors,
  } = counts;
  const rows = [
    ...sent.map(({ topic, environment, count }) => [`sent to ${topic}`, environment, count]),
    ...consumed.map(({ group, topic, environment, standIn, count }) => [
      `consumed of ${topic} in ${group}${standIn === 'true' ? ' as stand-in' : ''}`,
      environment,
      count,
    ]),
    ...skipped.map(({ group, topic, environment, count }) => [`skipped of ${topic} in ${group}`, environment, count]),
    ...givenBack.map(({ group, environment, count }) => [`given back to ${group}`, environment, count]),
    ...routed.map(({ environment, outcome, count }) => [
      `calls to ${OUTCOMES[outcome] ?? outcome}`,
      environment,
      count,
    ]),
    ...ruled.map(({ environment, rule, count }) => [
      rule === 'none' ? 'requests that matched no rule' : `requests by rule ${rule}`,
      rule === 'none' ? '' : environment,
      count,
    ]),
    ...settingsChanges.map(({ result, count }) => [`changes of settings: ${result}`, '', count]),
    ...malformedTags.map(({ carrier, count }) => [`malformed tags in ${carrier}`, '', count]),
    ...hookErrors.map(({ hook, count }) => [`errors: ${hook}`, '', count]),
  ].map(row => row.map(String));
  const since =
    messagesSince === undefined
      ? 'messages are not counted'
      : `messages since ${new Date(messagesSince).toISOString()}`;
  return [`${since}, ${hasMeterProvider ? 'published by the' : 'no'} OpenTelemetry meter provider`, ...table(rows)];
}

const OUTCOMES: Readonly<Record<string, string>> = {
  own: 'their environment',
  baseline: 'the baseline, for want of their environment',
  nobody: 'nobody, for want of instances',
  'as sent': 'where they were sent',
};

function valueText(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '-';
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return value.some(item => typeof item === 'object') ? JSON.stringify(value) : value.join(',');
}

function sourceText(source: SettingSource): string {
  switch (source.from) {
    case 'environment':
      return `${source.isPending ? "the process manager's environment" : 'environment'}, ${source.variable}`;
    case 'file':
      return `file, ${source.path}`;
    case 'nacos':
      return `Nacos, ${source.url}`;
    case 'launch':
      return 'what started the process';
    case 'default':
      return 'default';
  }
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  return rows.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
