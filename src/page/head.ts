/** What holds of the fleet as a whole: its servers, sums, and what could not be asked. */
import { type Fleet, isReached } from '../inspection/fleet/fleet-shape';
import { byId, html, keyed, setText } from './elements';
import { drawProblems } from './problems';
import { perSecond } from './words';

export function drawHead(fleet: Fleet): void {
  const { namesrv, brokers, environments, topics, groups } = fleet;
  const names = brokers.map(({ name, release, problem }) => `${name} ${problem === null ? (release ?? '') : '(away)'}`);
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
  drawProblems(byId('problems'), fleet);
}
