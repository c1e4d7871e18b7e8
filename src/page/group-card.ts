import type { Group } from '../inspection/fleet/fleet-shape';
import { html, keyed, setText } from './elements';
import { isBehind, isLeftLying, memberName, perSecond, unseenMembers, waiting } from './words';

export function createGroupCard({ group }: Group): HTMLElement {
  const card = html('article', 'group');
  const line = html('div', 'line');
  line.append(html('h3', '', group), html('span', 'rate'), html('span', 'pill'));
  card.append(line, html('div', 'filters'), html('ul', 'members'));
  return card;
}

export function updateGroupCard(card: HTMLElement, group: Group): void {
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
  const shown =
    there.length > 0
      ? there
      : [{ key: '', text: unseenMembers(group), className: isLeftLying(group) ? 'nobody alarm' : 'nobody' }];
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
