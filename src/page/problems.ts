/** What is wrong, and what could not be asked: the same list that `status` prints. */
import type { Fleet } from '../inspection/fleet/fleet-shape';
import { html, keyed, setText } from './elements';

interface Row {
  readonly key: string;
  readonly verdict: string;
  readonly text: string;
  readonly remedy: string;
}

export function drawProblems(parent: HTMLElement, { problems, unanswered, notes }: Fleet): void {
  const rows: Row[] = [
    ...problems.map(({ check, verdict, subject, finding, remedies = [] }) => ({
      key: `${check} ${subject} ${verdict}`,
      verdict,
      text: `${subject}: ${finding}`,
      remedy: remedies.join('\n'),
    })),
    ...[...unanswered, ...notes].map(text => ({ key: text, verdict: 'unknown', text, remedy: '' })),
  ];
  keyed(parent, rows, {
    key: ({ key }) => key,
    create: () => {
      const item = html('li');
      item.append(html('span', 'text'), html('p', 'remedy'));
      return item;
    },
    update(item, { verdict, text, remedy }) {
      item.className = verdict;
      setText(item.children[0] as Element, text);
      setText(item.children[1] as Element, remedy);
    },
  });
}
