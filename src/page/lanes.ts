/** A lane for each environment, with its groups. */
import { plural } from '../inspection/cluster/amounts';
import type { Environment, Fleet } from '../inspection/fleet/fleet-shape';
import { colourOf } from './colours';
import { html, keyed, setText } from './elements';
import { createGroupCard, updateGroupCard } from './group-card';
import { drawSparkline, type History, sparkline } from './history';
import { perSecond, saidOf } from './words';

const MOST_FLOWS = 8;

export function drawLanes(parent: HTMLElement, fleet: Fleet, history: History): void {
  keyed(parent, fleet.environments, {
    key: ({ tag }) => tag ?? '',
    create({ tag }) {
      const lane = html('section', 'lane');
      const head = html('div', 'head');
      head.append(html('h2', '', tag ?? 'baseline'), html('p', 'said'), html('p', 'count'), sparkline());
      lane.append(head, html('div', 'groups'));
      return lane;
    },
    update: (lane, environment) => updateLane(lane, environment, fleet, history),
  });
}

function updateLane(
  lane: HTMLElement,
  { tag, takenPerSecond, instances }: Environment,
  fleet: Fleet,
  history: History,
): void {
  lane.style.setProperty('--colour', colourOf(fleet, tag));
  const [head, groups] = lane.children as unknown as [HTMLElement, HTMLElement];
  const [, said, rate, curve] = head.children as unknown as [HTMLElement, HTMLElement, HTMLElement, SVGElement];
  const own = fleet.groups.filter(group => group.tag === tag);
  const { text, className } = saidOf(tag, own);
  said.className = `said ${className}`;
  setText(said, text);
  setText(rate, [...instanceCount(instances.length), perSecond(takenPerSecond)].join(', '));
  drawSparkline(curve, history.of(`lane ${tag ?? ''}`));
  lane.classList.toggle('many', hasMany(own));
  keyed(groups, own, { key: ({ group }) => group, create: createGroupCard, update: updateGroupCard });
}

/** Whether there are too many for a flow to each. */
export function hasMany(groups: readonly unknown[]): boolean {
  return groups.length > MOST_FLOWS;
}

function instanceCount(count: number): string[] {
  if (count === 0) return [];
  return [plural(count, 'instance')];
}
