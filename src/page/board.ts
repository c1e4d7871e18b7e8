/** The picture: topics on the left, a lane for each environment, flows between them. */
import type { Fleet } from '../inspection/fleet/fleet-shape';
import { colourOf } from './colours';
import { byId } from './elements';
import { drawFlows, type Flow } from './flows';
import { drawHead } from './head';
import { createHistory } from './history';
import { drawLanes, hasMany } from './lanes';
import { shownIn, type View, withoutNumbers } from './shown';
import { drawTopics } from './topics';

export interface Board {
  /** @param isPast nobody says any more how it is: no number of it holds */
  draw(fleet: Fleet, isPast: boolean): void;
  /** Another part of the same picture. */
  show(view: View): void;
  /** The same picture, in a window of another size or scrolled to another place. */
  redraw(): void;
}

export function createBoard(): Board {
  const history = createHistory();
  let view: View = { query: '', hasFolded: false };
  let last: Fleet | undefined;
  let isPast = false;

  function drawLast(): void {
    if (last === undefined) return;
    const shown = shownIn(last, view);
    drawHead(last, isPast);
    drawTopics(byId('topics'), shown, history);
    drawLanes(byId('lanes'), shown, history);
    // Once everything has its place.
    redraw();
  }

  function redraw(): void {
    if (last === undefined) return;
    drawFlows(byId('flows'), flowsBetween(byId('topics'), byId('lanes'), shownIn(last, view)));
  }

  return {
    redraw,
    show(other) {
      view = other;
      drawLast();
    },
    draw(fleet, isOfThePast) {
      isPast = isOfThePast;
      last = isPast ? withoutNumbers(fleet) : fleet;
      if (!isPast) history.note(fleet);
      drawLast();
    },
  };
}

/** To each group; of lanes with many of them, to the lane. */
function flowsBetween(topicCards: Element, lanes: Element, fleet: Fleet): Flow[] {
  const card = (parent: Element | undefined, key: string) =>
    [...(parent?.children ?? [])].find(child => child.getAttribute('data-key') === key);
  const flows = new Map<string, Flow>();
  for (const { group, tag, topics } of fleet.groups) {
    const lane = card(lanes, tag ?? '');
    const isWhole = hasMany(fleet.groups.filter(other => other.tag === tag));
    const to = isWhole ? lane : card(lane?.children[1], group);
    for (const { topic, takenPerSecond } of topics) {
      const from = card(topicCards, topic);
      if (from === undefined || to === undefined) continue;
      const key = isWhole ? `${topic} lane ${tag ?? ''}` : `${topic} ${group}`;
      const rate = (takenPerSecond ?? 0) + (flows.get(key)?.rate ?? 0);
      flows.set(key, { key, from, to, colour: colourOf(fleet, tag), rate });
    }
  }
  return [...flows.values()];
}
