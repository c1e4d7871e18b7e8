/** What holds of the fleet as a whole: its servers, sums, and what could not be asked. */
import { type Fleet, isReached } from '../inspection/fleet/fleet-shape';
import { byId, html, keyed, setText } from './elements';
import { drawProblems } from './problems';
import { amount, perSecond } from './words';

/** @param isPast nobody says any more how it is */
export function drawHead(fleet: Fleet, isPast: boolean): void {
  const { namesrv, brokers, environments, topics, groups } = fleet;
  const names = brokers.map(({ name, release, problem }) => `${name} ${problem === null ? (release ?? '') : '(away)'}`);
  setText(byId('servers'), [namesrv, ...names].join(' · '));
  const put = sumOf(topics.map(({ putPerSecond }) => putPerSecond));
  const lie = sumOf(environments.map(({ backlog }) => backlog));
  const totals: [string, string][] = [
    ['environments', `${environments.length}`],
    ['instances', `${environments.reduce((sum, { instances }) => sum + instances.length, 0)}`],
    ['stand-ins', `${environments.reduce((sum, { standIns }) => sum + standIns, 0)}`],
    ['messages', perSecond(put)],
    ['waiting', amount(lie)],
    ['retries', amount(sumOf(environments.map(({ retries }) => retries)))],
    ['dead letters', amount(sumOf(environments.map(({ deadLetters }) => deadLetters)))],
  ];
  keyed(byId('totals'), totals, {
    key: ([name]) => name,
    create([name]) {
      const total = html('div');
      total.append(html('dt', '', name), html('dd'));
      return total;
    },
    update: (total, [, value]) => setText(total.children[1] as Element, isPast ? amount(null) : value),
  });
  const folded = groups.filter(({ isFolded }) => isFolded).length;
  byId('folding').hidden = folded === 0;
  setText(byId('folded'), `${folded}`);
  byId('empty').hidden = groups.length > 0 || !isReached(fleet);
  drawProblems(byId('problems'), fleet);
}

/** null where one of them is not known. */
function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}
