/** The page of `rocketmq-gray page`: draws each picture of the fleet that the server sends. */
import type { Fleet } from '../inspection/fleet/fleet-shape';
import { createBoard } from './board';
import { byId } from './elements';

const live = byId('live');
const board = createBoard();

/** The browser itself opens the stream again when it is lost. */
const events = new EventSource('/events');
events.addEventListener('message', ({ data }: MessageEvent<string>) => {
  const fleet = JSON.parse(data) as Fleet;
  board.draw(fleet);
  live.className = 'on';
  live.textContent = `live, ${new Date(fleet.at).toLocaleTimeString('en-GB')}`;
});
events.addEventListener('error', () => {
  live.className = 'lost';
  live.textContent = 'connection lost, trying again';
});
addEventListener('resize', board.redraw);
