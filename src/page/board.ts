/** The picture: topics on the left, a lane for each environment, flows between them. */
import { type Environment, type Fleet, type Group, isReached } from '../inspection/fleet/fleet-shape';
import { html, keyed, setText } from './elements';
import { drawFlows, type Flow } from './flows';
import { createHistory, drawSparkline, sparkline } from './history';
import { isBehind, isLeftLying, memberName, perSecond, saidOf, waiting } from './words';

export interface Board {
  draw(fleet: Fleet): void;
  /** The same picture, in a window of another size. */
  redraw(): void;
}

/** Of canaries, in the order of their tags; the baseline has its own. */
const COLOURS = ['#2a9d8f', '#c9822b', '#8a63c9', '#c1557a', '#6c8f2f', '#4d6fd1'];
const BASELINE_COLOUR = 'var(--baseline)';

export function createBoard(byId: (id: string) => HTMLElement): Board {
  const history = createHistory();
  let last: Fleet | undefined;

  const colourOf = (fleet: Fleet, tag: string | null): string => {
    if (tag === null) return BASELINE_COLOUR;
    const tags = fleet.environments.flatMap(environment => environment.tag ?? []);
    return COLOURS[tags.indexOf(tag) % COLOURS.length] ?? BASELINE_COLOUR;
  };

  function drawHead(fleet: Fleet): void {
    const { namesrv, brokers, environments, topics, groups, problems } = fleet;
    const names = brokers.map(
      ({ name, release, problem }) => `${name} ${problem === null ? (release ?? '') : '(away)'}`,
    );
    setText(byId('servers'), [namesrv, ...names].join(' · '));
    const put = topics.every(({ putPerSecond }) => putPerSecond !== null)
      ? topics.reduce((sum, { putPerSecond }) => sum + (putPerSecond ?? 0), 0)
      : null;
    const lie = environments.every(({ backlog }) => backlog !== null)
      ? environments.reduce((sum, { backlog }) => sum + (backlog ?? 0), 0)
      : null;
    const totals: [string, string][] = [
      ['environments', `${environments.length}`],
      ['instances', `${environments.reduce((sum, { instances }) => sum + instances.length, 0)}`],
      ['stand-ins', `${environments.reduce((sum, { standIns }) => sum + standIns, 0)}`],
      ['messages', perSecond(put)],
      ['waiting', lie === null ? '?' : lie.toLocaleString('en')],
    ];
    keyed(byId('totals'), totals, {
      key: ([name]) => name,
      create([name]) {
        const total = html('div');
        total.append(html('dt', '', name), html('dd'));
        return total;
      },
      update: (total, [, value]) => setText(total.children[1] as Element, value),
    });
    byId('empty').hidden = groups.length > 0 || !isReached(fleet);
    keyed(byId('problems'), problems, {
      key: problem => problem,
      create: problem => html('li', '', problem),
      update() {},
    });
  }

  function drawTopics({ topics }: Fleet): void {
    keyed(byId('topics'), topics, {
      key: ({ topic }) => topic,
      create({ topic }) {
        const card = html('article', 'topic');
        card.append(html('h2', '', topic), html('p'), sparkline());
        return card;
      },
      update(card, { topic, putPerSecond }) {
        setText(card.children[1] as Element, `${perSecond(putPerSecond)} in`);
        drawSparkline(card.children[2] as Element, history.add(`topic ${topic}`, putPerSecond));
      },
    });
  }

  function drawLanes(fleet: Fleet): void {
    keyed(byId('lanes'), fleet.environments, {
      key: ({ tag }) => tag ?? '',
      create({ tag }) {
        const lane = html('section', 'lane');
        const head = html('div', 'head');
        head.append(html('h2', '', tag ?? 'baseline'), html('p', 'said'), html('p', 'count'), sparkline());
        lane.append(head, html('div', 'groups'));
        return lane;
      },
      update: (lane, environment) => updateLane(lane, environment, fleet),
    });
  }

  function updateLane(lane: HTMLElement, { tag, takenPerSecond, instances }: Environment, fleet: Fleet): void {
    lane.style.setProperty('--colour', colourOf(fleet, tag));
    const [head, groups] = lane.children as unknown as [HTMLElement, HTMLElement];
    const [, said, rate, curve] = head.children as unknown as [HTMLElement, HTMLElement, HTMLElement, SVGElement];
    const own = fleet.groups.filter(group => group.tag === tag);
    const { text, className } = saidOf(tag, own);
    said.className = `said ${className}`;
    setText(said, text);
    setText(rate, [...instanceCount(instances.length), perSecond(takenPerSecond)].join(', '));
    drawSparkline(curve, history.add(`lane ${tag ?? ''}`, takenPerSecond));
    keyed(groups, own, { key: ({ group }) => group, create: createGroup, update: updateGroup });
  }

  function flowsOf(fleet: Fleet): Flow[] {
    const card = (parent: Element, key: string) =>
      [...parent.children].find(child => child.getAttribute('data-key') === key);
    return fleet.groups.flatMap(({ group, tag, topics }) => {
      const lane = card(byId('lanes'), tag ?? '');
      const to = lane?.children[1] && card(lane.children[1], group);
      return topics.flatMap(({ topic, takenPerSecond }) => {
        const from = card(byId('topics'), topic);
        if (from === undefined || to === undefined) return [];
        return [{ key: `${topic} ${group}`, from, to, colour: colourOf(fleet, tag), rate: takenPerSecond ?? 0 }];
      });
    });
  }

  function redraw(): void {
    if (last !== undefined) drawFlows(byId('flows'), flowsOf(last));
  }

  return {
    redraw,
    draw(fleet) {
      last = fleet;
      drawHead(fleet);
      drawTopics(fleet);
      drawLanes(fleet);
      // Once everything has its place.
      redraw();
    },
  };
}

function instanceCount(count: number): string[] {
  if (count === 0) return [];
  return [count === 1 ? '1 instance' : `${count} instances`];
}

function createGroup({ group }: Group): HTMLElement {
  const card = html('article', 'group');
  const line = html('div', 'line');
  line.append(html('h3', '', group), html('span', 'rate'), html('span', 'pill'));
  card.append(line, html('div', 'filters'), html('ul', 'members'));
  return card;
}

function updateGroup(card: HTMLElement, group: Group): void {
  const [line, filters, members] = card.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
  const [, rate, pill] = line.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
  card.setAttribute('data-taken-by', group.takenBy);
  setText(rate, perSecond(group.takenPerSecond));
  setText(pill, waiting(group.backlog));
  pill.className = isBehind(group) ? 'pill waits' : 'pill';
  // Those of the baseline change with each canary that comes or goes, and gRPC clients tell only their polls.
  const filtered = group.topics.filter(({ filter }) => filter !== null && group.tag !== null);
  keyed(filters, filtered, {
    key: ({ topic }) => topic,
    create: () => html('code', 'filter'),
    update(code, { topic, filter }) {
      const text = filtered.length > 1 ? `${topic}: ${filter}` : `${filter}`;
      setText(code, text);
      code.title = text;
    },
  });
  const there = group.members.map(({ clientId, isStandIn }) => ({
    key: clientId,
    text: isStandIn ? `stand-in: ${memberName(clientId)}` : memberName(clientId),
    className: isStandIn ? 'stand-in' : '',
  }));
  const nobody = group.takenBy === 'unknown' ? 'who is there is not known' : 'nobody';
  const shown =
    there.length > 0 ? there : [{ key: '', text: nobody, className: isLeftLying(group) ? 'nobody alarm' : 'nobody' }];
  keyed(members, shown, {
    key: ({ key }) => key,
    create: () => html('li'),
    update(item, { key, text, className }) {
      item.className = className;
      item.title = key;
      setText(item, text);
    },
  });
}
