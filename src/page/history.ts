/** Rates of the last minutes, and the small curves that show them. */
import { area, curveMonotoneX, line } from 'd3-shape';
import type { Fleet } from '../inspection/fleet/fleet-shape';
import { svg } from './elements';

/** Pictures that a curve shows: four minutes at the default interval. */
const LENGTH = 120;
const WIDTH = 240;
const HEIGHT = 30;

export interface History {
  /** Takes the rates of a new picture. */
  note(fleet: Fleet): void;
  /** The values so far, the newest last; `topic T`, or `lane gray`. */
  of(name: string): readonly number[];
}

export function createHistory(): History {
  const values = new Map<string, number[]>();
  const add = (name: string, value: number | null) => {
    const all = values.get(name) ?? [];
    values.set(name, all);
    all.push(value ?? 0);
    if (all.length > LENGTH) all.shift();
  };
  return {
    of: name => values.get(name) ?? [],
    note({ topics, environments }) {
      for (const { topic, putPerSecond } of topics) add(`topic ${topic}`, putPerSecond);
      for (const { tag, takenPerSecond } of environments) add(`lane ${tag ?? ''}`, takenPerSecond);
    },
  };
}

export function sparkline(): SVGElement {
  const element = svg('svg', {
    class: 'spark',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  element.append(svg('path', { class: 'under' }), svg('path', { class: 'curve' }));
  return element;
}

/** The newest value is at the right edge; a curve that has just begun is short. */
export function drawSparkline(element: Element, values: readonly number[]): void {
  const top = Math.max(1, ...values) * 1.15;
  const x = (_: number, index: number) => WIDTH - ((values.length - 1 - index) * WIDTH) / (LENGTH - 1);
  const y = (value: number) => HEIGHT - 1 - (value / top) * (HEIGHT - 2);
  const under = area<number>(x, HEIGHT, y).curve(curveMonotoneX);
  const curve = line<number>(x, y).curve(curveMonotoneX);
  element.children[0]?.setAttribute('d', under(values) ?? '');
  element.children[1]?.setAttribute('d', curve(values) ?? '');
}
