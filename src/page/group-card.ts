import type { Group } from '../inspection/fleet/fleet-shape';
import { html, keyed, setText } from './elements';
import { amount, isBehind, isLeftLying, memberName, perSecond, processOf, unseenMembers, waiting } from './words';

export function createGroupCard({ group }: Group): HTMLElement {
  const card = html('article', 'group');
  const line = html('div', 'line');
  line.append(
    html('h3', '', group),
    html('span', 'rate'),
    html('span', 'pill'),
    html('span', 'pill'),
    html('span', 'pill'),
    html('span', 'pill'),
  );
  card.append(line, html('div', 'filters'), html('ul', 'members'));
  return card;
}

export function updateGroupCard(card: HTMLElement, group: Group): void {
  const [line, filters, members] = card.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
  const [, rate, pill, retries, dead, copies] = line.children as unknown as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLElement,
  ];
  card.setAttribute('data-taken-by', group.takenBy);
  setText(rate, perSecond(group.takenPerSecond));
  setText(pill, waiting(group.backlog));
  pill.className = isBehind(group) ? 'pill waits' : 'pill';
  drawCount(retries, group.retries, 'come again');
  drawCount(dead, group.deadLetters, 'dead letters');
  copies.hidden = group.copies === 0;
  copies.title = 'it also gets a copy of each untagged message, in a group of its own (GRAY_MQ_ALSO)';
  setText(copies, '+ copies');
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
    create() {
      const item = html('li');
      item.append(html('button', 'member'));
      return item;
    },
    update(item, { key, text, className }) {
      const button = item.children[0] as HTMLButtonElement;
      item.className = className;
      button.title = key;
      button.disabled = !isHere(key);
      setText(button, text);
    },
  });
}

/** What failed: shown where there is something, or it is not known. */
function drawCount(pill: HTMLElement, count: number | null, what: string): void {
  pill.hidden = count === 0;
  pill.className = count === null ? 'pill' : 'pill failed';
  setText(pill, `${amount(count)} ${what}`);
}

/** Whether the process runs where the page is served: then it can be asked. */
function isHere(clientId: string): boolean {
  return processOf(clientId)?.host === document.body.dataset.here;
}
