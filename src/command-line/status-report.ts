import { ago, perSecond, plural } from '../inspection/cluster/amounts';
import { type Environment, type Fleet, type Group, isReached } from '../inspection/fleet/fleet-shape';
import { type Cell, columns, type Terminal } from './terminal';

const NOBODY =
  'No agent has announced itself and no canary was ever there (--group group1 shows a group all the same).';

/** The fleet as tables, for people. */
export function statusReport(fleet: Fleet, { colors }: Pick<Terminal, 'colors'>): string {
  const head = (...names: string[]): Cell[] => names.map(text => ({ text, paint: colors.dim }));
  const environment = ({ tag }: { tag: string | null }): Cell =>
    tag === null ? { text: 'baseline' } : { text: tag, paint: colors.magenta };
  const waiting = (backlog: number | null): Cell => ({
    text: amount(backlog),
    ...(backlog !== null && backlog > 0 && { paint: colors.yellow }),
  });
  const sections = [
    [`${colors.bold('fleet')} at ${fleet.namesrv}: ${brokersOf(fleet)}`],
    ...(fleet.groups.length === 0
      ? [isReached(fleet) ? [NOBODY] : []]
      : [
          columns([
            head('environment', 'instances', 'stand-ins', 'groups', 'taken', 'backlog'),
            ...fleet.environments.map(of => [
              environment(of),
              `${of.instances.length}`,
              of.tag === null ? '' : `${of.standIns}`,
              `${of.groups}`,
              taken(of.takenPerSecond),
              waiting(of.backlog),
            ]),
          ]),
          columns([
            head('group', 'environment', 'taken by', 'topic', 'taken', 'backlog', 'subscribed with'),
            ...fleet.groups.flatMap(group => {
              const topics = group.topics.length === 0 ? [undefined] : group.topics;
              return topics.map((flow, index) => [
                ...(index === 0 ? [group.group, environment(group), takers(group, fleet.at, colors)] : ['', '', '']),
                flow?.topic ?? '',
                flow === undefined ? '' : taken(flow.takenPerSecond),
                waiting(flow === undefined ? group.backlog : flow.backlog),
                { text: flow?.filter ?? '', paint: colors.dim },
              ]);
            }),
          ]),
          instances(fleet.environments, head, environment),
        ]),
    ...(fleet.problems.length > 0 ? [fleet.problems.map(problem => colors.yellow(`! ${problem}`))] : []),
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n');
}

function brokersOf({ brokers }: Fleet): string {
  if (brokers.length === 0) return 'no broker is known';
  return brokers
    .map(({ name, release, problem }) => `${name} ${problem === null ? (release ?? '(release unknown)') : '(away)'}`)
    .join(', ');
}

function instances(
  environments: readonly Environment[],
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
    : columns([head('instance', 'environment', 'agent', ...ifTold('settings'), 'groups', 'stands in for'), ...rows]);
}

function takers(group: Group, at: number, colors: Terminal['colors']): Cell {
  const { standIns } = group;
  const consumers = `${plural(group.consumers, 'consumer')}${group.isAnnounced === false ? ' without announcement' : ''}`;
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
      const heard = group.markedAt === null ? '' : ` (heard of ${ago(at - group.markedAt)} ago)`;
      return { text: `nobody${heard}`, paint: colors.red };
    }
  }
}

function taken(rate: number | null): string {
  return rate === null ? '?' : perSecond(rate);
}

function amount(count: number | null): string {
  return count === null ? '?' : `${count}`;
}
