/** The page of `rocketmq-gray page`: draws each picture of the fleet that the server sends. */
import { type Fleet, isReached } from '../inspection/fleet/fleet-shape';
import { createBoard } from './board';
import { byId } from './elements';
import { watchMembers } from './process-dialog';

const live = byId('live');
const search = byId('search') as HTMLInputElement;
const hasFolded = byId('has-folded') as HTMLInputElement;
const board = createBoard();
/** The last picture of which a broker told something. */
let last: Fleet | undefined;

function say(className: 'on' | 'lost', text: string): void {
  live.className = className;
  live.textContent = text;
}

/** The last picture stays, as one of the past: none of its numbers holds any more. */
function turnGray(problems: Pick<Fleet, 'problems' | 'unanswered'> | undefined, why: string): void {
  document.body.classList.add('past');
  say('lost', last === undefined ? why : `${why}; this was at ${time(last.at)}`);
  if (last !== undefined) board.draw({ ...last, ...problems }, true);
}

function time(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** The browser itself opens the stream again when it is lost. */
const events = new EventSource('/events');
events.addEventListener('message', ({ data }: MessageEvent<string>) => {
  const { fleet, here } = JSON.parse(data) as { fleet: Fleet; here: string };
  document.body.dataset.here = here;
  if (!isReached(fleet)) {
    if (last === undefined) board.draw(fleet, true);
    turnGray({ problems: fleet.problems, unanswered: fleet.unanswered }, 'no broker answers');
    return;
  }
  last = fleet;
  document.body.classList.remove('past');
  board.draw(fleet, false);
  say('on', `live, ${time(fleet.at)}`);
});
events.addEventListener('error', () => turnGray(undefined, 'connection lost, trying again'));

const show = () => board.show({ query: search.value, hasFolded: hasFolded.checked });
search.addEventListener('input', show);
hasFolded.addEventListener('change', show);
addEventListener('resize', board.redraw);
// The topics stay where they are.
addEventListener('scroll', () => requestAnimationFrame(board.redraw), { passive: true });
watchMembers(byId('lanes'), byId('process') as HTMLDialogElement);
