/** Blocks of a page: those that tests run are commands (`sh run`), and what people then see (`output`). */

/** A command block and the lines that have to be seen before the next one is run. */
export interface Step {
  readonly commands: string;
  readonly output: readonly string[];
}

const BLOCK = /^```(sh run|output)\n([\s\S]*?)^```$/gm;

/** @throws when lines to be seen stand before the first commands */
export function stepsOf(page: string): Step[] {
  const steps: { commands: string; output: string[] }[] = [];
  for (const [, kind, text = ''] of page.matchAll(BLOCK)) {
    if (kind === 'sh run') {
      steps.push({ commands: text, output: [] });
    } else {
      const last = steps.at(-1);
      if (last === undefined) throw new Error('a block of output without commands before it');
      last.output.push(...text.split('\n').filter(line => line !== ''));
    }
  }
  return steps;
}

/** The fenced blocks of a page with these words behind the fence. */
export function blocksOf(page: string, fence: string): string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, words, text = '']) =>
    words === fence ? [text] : [],
  );
}

/** A line of output as it may be seen: `…` stands for anything. */
export function pattern(line: string): RegExp {
  return new RegExp(line.split('…').map(escaped).join('.*'));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
