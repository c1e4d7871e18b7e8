import { ago, perSecond, plural } from '../inspection/cluster/amounts';
import { type Environment, type Fleet, type Group, isReached } from '../inspection/fleet/fleet-shape';
import { problemLines } from './problem-lines';
import { type Cell, columns, fitted, type Terminal, wrapped } from './terminal';

const NOBODY =
  'No agent has announced itself and no canary was ever there (--group group1 shows a group all the same).';
const WIDTH = 100;

export interface ReportOptions extends Pick<Terminal, 'colors'> {
  /** Nothing is cut, and nothing is folded. */
  readonly isWide?: boolean;
}

/** The fleet as tables, for people. */
export function statusReport(fleet: Fleet, { colors, isWide = false }: ReportOptions): string {
  const width = isWide ? Number.POSITIVE_INFINITY : WIDTH;
  const head = (...names: string[]): Cell[] => names.map(text => ({ text, paint: colors.dim }));
  const environment = ({ tag }: { tag: string | null }): Cell =>
    tag === null ? { text: 'baseline' } : { text: tag, paint: colors.magenta };
  const groups = isWide ? fleet.groups : fleet.groups.filter(({ isFolded }) => !isFolded);
  const foldedGroups = fleet.groups.length - groups.length;
  const isAnyToldAtStart = groups.some(({ topics }) => topics.some(({ isToldAtStart }) => isToldAtStart));
  const table = (rows: readonly (readonly (Cell | string)[])[], cuttable: readonly number[]) =>
    columns(fitted(rows, { width, cuttable }));
  const sections = [
    wrapped(`fleet at ${fleet.namesrv}, ${time(fleet.at)}: ${brokersOf(fleet)}`, width).map((line, index) =>
      index === 0 ? line.replace(/^fleet/, colors.bold('fleet')) : line,
    ),
    problemLines(fleet, colors, width),
    ...(fleet.groups.length === 0
      ? [isReached(fleet) ? [NOBODY] : []]
      : [
          table(
            [
              head(...ENVIRONMENT_COLUMNS),
              ...fleet.environments.map(of => environmentRow(of, environment(of), colors)),
            ],
            [0],
          ),
          [
            ...table(
              [
                head('group', 'environment', 'taken by', 'topic', 'taken', 'backlog', 'retries', 'dead', 'filter'),
                ...groups.flatMap(group => groupRows(group, environment(group), fleet.at, colors)),
              ],
              [8, 0, 3, 1, 2],
            ),
            ...(isAnyToldAtStart ? [colors.dim(TOLD_AT_START)] : []),
            ...(groups.some(({ copies }) => copies > 0) ? [colors.dim(COPIES)] : []),
            ...(foldedGroups > 0 ? [colors.dim(foldedLine(fleet, foldedGroups))] : []),
          ],
          instances(fleet.environments, table, head, environment),
        ]),
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n');
}

const TOLD_AT_START = '(at start) gRPC clients told it as they started: what they leave to canaries since is not in it';

const COPIES = '(+ copies) it also gets a copy of each untagged message, in a group of its own (GRAY_MQ_ALSO)';

function foldedLine({ groups }: Fleet, count: number): string {
  const lying = groups.filter(({ isFolded, backlog }) => isFolded && (backlog ?? 0) > 0).length;
  const lie = lying === 0 ? '' : `, messages lie in ${lying} of them`;
  return `${plural(count, 'group')} more that nobody has been in for an hour${lie} (--wide)`;
}

const ENVIRONMENT_COLUMNS = [
  'environment',
  'instances',
  'stand-ins',
  'groups',
  'taken',
  'by stand-ins',
  'backlog',
  'retries',
  'dead',
];

function environmentRow(of: Environment, name: Cell, colors: Terminal['colors']): (Cell | string)[] {
  const { tag, instances, standIns, groups, takenPerSecond, standInShare, backlog, retries, deadLetters } = of;
  const share = standInShare === null ? '' : `${Math.round(100 * standInShare)} %`;
  return [
    name,
    `${instances.length}`,
    tag === null ? '' : `${standIns}`,
    `${groups}`,
    taken(takenPerSecond),
    tag === null ? '' : share,
    waiting(backlog, colors),
    waiting(retries, colors),
    waiting(deadLetters, colors),
  ];
}

function groupRows(group: Group, name: Cell, at: number, colors: Terminal['colors']): (Cell | string)[][] {
  const failed = [waiting(group.retries, colors), waiting(group.deadLetters, colors)];
  const topics = group.topics.length === 0 ? [undefined] : group.topics;
  return topics.map((flow, index) => [
    ...(index === 0 ? [group.group, name, takers(group, at, colors)] : ['', '', '']),
    flow?.topic ?? '',
    flow === undefined ? '' : taken(flow.takenPerSecond),
    waiting(flow === undefined ? group.backlog : flow.backlog, colors),
    ...(index === 0 ? failed : ['', '']),
    { text: `${flow?.isToldAtStart ? '(at start) ' : ''}${flow?.filter ?? ''}`, paint: colors.dim },
  ]);
}

function waiting(count: number | null, colors: Terminal['colors']): Cell {
  if (count === null) return { text: 'not known', paint: colors.dim };
  return { text: `${count}`, ...(count > 0 && { paint: colors.yellow }) };
}

function brokersOf({ brokers }: Fleet): string {
  if (brokers.length === 0) return 'no broker is known';
  return brokers
    .map(({ name, release, problem }) => `${name} ${problem === null ? (release ?? '(release unknown)') : '(away)'}`)
    .join(', ');
}

function instances(
  environments: readonly Environment[],
  table: (rows: readonly (readonly (Cell | string)[])[], cuttable: readonly number[]) => string[],
  head: (...names: string[]) => Cell[],
  environment: (of: Environment) => Cell,
): string[] {
  // Where nobody has a document with settings there is nothing to tell apart.
  const tellsSettings = environments.some(of => of.instances.some(({ settings }) => settings !== null));
  const ifTold = <T>(cell: T) => (tellsSettings ? [cell] : []);
  const rows = environments.flatMap(of =>
    of.instances.map(({ host, pid, version, settings, groups, standsInFor }) => [
      `${host}, ${pid}`,
      environment(of),
      version ?? '?',
      ...ifTold(settings ?? ''),
      groups.join(', '),
      standsInFor.join(', '),
    ]),
  );
  return rows.length === 0
    ? []
    : table(
        [head('instance', 'environment', 'agent', ...ifTold('settings'), 'groups', 'stands in for'), ...rows],
        tellsSettings ? [5, 4, 0, 1] : [4, 3, 0, 1],
      );
}

function takers(group: Group, at: number, colors: Terminal['colors']): Cell {
  const { standIns } = group;
  const copies = group.copies > 0 ? ' + copies' : '';
  const consumers = `${plural(group.consumers, 'consumer')}${copies}${group.isAnnounced === false ? ', unannounced' : ''}`;
  switch (group.takenBy) {
    case 'consumers':
      return { text: consumers, paint: colors.green };
    case 'stand-ins':
      return { text: plural(standIns, 'stand-in'), paint: colors.cyan };
    case 'both':
      return { text: `${consumers}, ${plural(standIns, 'stand-in')}`, paint: colors.yellow };
    case 'unknown':
      return { text: 'not known', paint: colors.dim };
    case 'nobody': {
      if (group.tag === null) return { text: 'nobody', paint: colors.yellow };
      if (group.phase === null && !group.isDeclared) return { text: 'nobody: the baseline', paint: colors.dim };
      const since = group.markedAt === null ? '' : ` since ${ago(at - group.markedAt)}`;
      return { text: `nobody${since}`, paint: colors.red };
    }
  }
}

function taken(rate: number | null): string {
  return rate === null ? 'not known' : perSecond(rate);
}

/** UTC, to the second. */
function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
