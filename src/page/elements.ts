/** Elements that stay from one picture to the next: what is drawn moves on instead of beginning anew. */

const SVG = 'http://www.w3.org/2000/svg';

/** One that the document has from the beginning. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the document has no ${id}`);
  return element;
}

export function html(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}

export function svg(tag: string, attributes: Readonly<Record<string, string>> = {}): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Writes only what is new, so that a selection by the user survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, in their order: one that was there before under the same key is used
 * again.
 */
export function keyed<Item, Child extends Element>(
  parent: Element,
  items: readonly Item[],
  {
    key,
    create,
    update,
  }: { key(item: Item): string; create(item: Item): Child; update(child: Child, item: Item): void },
): void {
  const former = new Map([...parent.children].map(child => [child.getAttribute('data-key') ?? '', child as Child]));
  items.forEach((item, index) => {
    const name = key(item);
    let child = former.get(name);
    if (child === undefined) {
      child = create(item);
      child.setAttribute('data-key', name);
    }
    former.delete(name);
    update(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const child of former.values()) child.remove();
}
