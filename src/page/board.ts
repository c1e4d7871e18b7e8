/** The picture: topics on the left, a lane for each environment, flows between them. */
import type { Fleet } from '../inspection/fleet/fleet-shape';
import { colourOf } from './colours';
import { byId } from './elements';
import { drawFlows, type Flow } from './flows';
import { drawHead } from './head';
import { createHistory } from './history';
import { drawLanes } from './lanes';
import { drawTopics } from './topics';

export interface Board {
  draw(fleet: Fleet): void;
  /** The same picture, in a window of another size. */
  redraw(): void;
}

export function createBoard(): Board {
  const history = createHistory();
  let last: Fleet | undefined;

  function redraw(): void {
    if (last !== undefined) drawFlows(byId('flows'), flowsBetween(byId('topics'), byId('lanes'), last));
  }

  return {
    redraw,
    draw(fleet) {
      last = fleet;
      drawHead(fleet);
      drawTopics(byId('topics'), fleet, history);
      drawLanes(byId('lanes'), fleet, history);
      // Once everything has its place.
      redraw();
    },
  };
}

function flowsBetween(topicCards: Element, lanes: Element, fleet: Fleet): Flow[] {
  const card = (parent: Element, key: string) =>
    [...parent.children].find(child => child.getAttribute('data-key') === key);
  return fleet.groups.flatMap(({ group, tag, topics }) => {
    const lane = card(lanes, tag ?? '');
    const to = lane?.children[1] && card(lane.children[1], group);
    return topics.flatMap(({ topic, takenPerSecond }) => {
      const from = card(topicCards, topic);
      if (from === undefined || to === undefined) return [];
      return [{ key: `${topic} ${group}`, from, to, colour: colourOf(fleet, tag), rate: takenPerSecond ?? 0 }];
    });
  });
}
