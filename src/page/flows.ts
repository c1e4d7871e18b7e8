/** The flows from topics to the groups that take from them: as wide as they are strong, moving as fast. */
import { linkHorizontal } from 'd3-shape';
import { keyed, svg } from './elements';

export interface Flow {
  readonly key: string;
  readonly from: Element;
  readonly to: Element;
  readonly colour: string;
  /** Messages a second. */
  readonly rate: number;
}

const NARROWEST = 4;
const WIDEST = 26;
/** Pixels a second. */
const SLOWEST = 18;
const FASTEST = 110;
/** Of a dash and the gap after it; see the style sheet. */
const PERIOD = 18;

type Point = [number, number];
const link = linkHorizontal<{ source: Point; target: Point }, Point>();

export function drawFlows(layer: Element, flows: readonly Flow[]): void {
  const strongest = Math.max(1, ...flows.map(({ rate }) => rate));
  const origin = layer.getBoundingClientRect();
  const places = placesOf(flows, origin);
  keyed(layer, flows, {
    key: ({ key }) => key,
    create() {
      const flow = svg('g');
      flow.append(svg('path', { class: 'bed' }), svg('path', { class: 'run' }));
      return flow;
    },
    update(element, flow) {
      const strength = Math.sqrt(flow.rate / strongest);
      const shape = link(places.get(flow.key) ?? { source: [0, 0], target: [0, 0] }) ?? '';
      element.setAttribute('class', flow.rate > 0 ? '' : 'idle');
      element.style.setProperty('--colour', flow.colour);
      for (const path of element.children) path.setAttribute('d', shape);
      const [bed, run] = element.children as unknown as [SVGElement, SVGElement];
      const width = flow.rate > 0 ? NARROWEST + strength * (WIDEST - NARROWEST) : 2;
      bed.style.strokeWidth = `${width}px`;
      const seconds = PERIOD / (SLOWEST + strength * (FASTEST - SLOWEST));
      // To set it anew would make it jump.
      const duration = `${Math.round(seconds * 20) / 20 || 0.05}s`;
      if (run.style.animationDuration !== duration) run.style.animationDuration = duration;
    },
  });
}

/** Where each flow begins and ends: those of one card beside each other, in the order of their other ends. */
function placesOf(flows: readonly Flow[], origin: DOMRect): Map<string, { source: Point; target: Point }> {
  const y = (element: Element) => element.getBoundingClientRect().top;
  const spread = (side: 'from' | 'to', other: 'from' | 'to') => {
    const places = new Map<string, number>();
    for (const card of new Set(flows.map(flow => flow[side]))) {
      const here = flows.filter(flow => flow[side] === card).sort((a, b) => y(a[other]) - y(b[other]));
      const { top, height } = card.getBoundingClientRect();
      here.forEach(({ key }, index) => {
        places.set(key, top - origin.top + (height * (index + 1)) / (here.length + 1));
      });
    }
    return places;
  };
  const [sources, targets] = [spread('from', 'to'), spread('to', 'from')];
  return new Map(
    flows.map(({ key, from, to }) => [
      key,
      {
        source: [from.getBoundingClientRect().right - origin.left, sources.get(key) ?? 0],
        target: [to.getBoundingClientRect().left - origin.left, targets.get(key) ?? 0],
      },
    ]),
  );
}
