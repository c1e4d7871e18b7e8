import type { Fleet } from '../inspection/fleet/fleet-shape';
import { html, keyed, setText } from './elements';
import { drawSparkline, type History, sparkline } from './history';
import { perSecond } from './words';

export function drawTopics(parent: HTMLElement, { topics }: Fleet, history: History): void {
  keyed(parent, topics, {
    key: ({ topic }) => topic,
    create({ topic }) {
      const card = html('article', 'topic');
      card.append(html('h2', '', topic), html('p'), sparkline());
      return card;
    },
    update(card, { topic, putPerSecond }) {
      setText(card.children[1] as Element, `${perSecond(putPerSecond)} in`);
      drawSparkline(card.children[2] as Element, history.of(`topic ${topic}`));
    },
  });
}
