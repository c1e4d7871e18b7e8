/** How the command line prints: colours where they are wanted, columns that stand below one another. */
import { createColors } from 'picocolors';

export interface Terminal {
  readonly colors: ReturnType<typeof createColors>;
  /** To standard output, with a line break. */
  print(text: string): void;
  /** To standard error. */
  complain(text: string): void;
  /** Whether standard output is a screen that can be drawn anew. */
  readonly isScreen: boolean;
  /** Empties the screen and puts the cursor into its first line. */
  clear(): void;
  /** How wide the screen is, in characters; undefined where the output is none. */
  readonly columns: number | undefined;
}

/** The process's own. */
export function processTerminal(noColor: boolean): Terminal {
  const { stdout, stderr } = process;
  const isScreen = stdout.isTTY === true;
  // Whoever reads the output may leave before its end (`| head`).
  stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    colors: createColors(isScreen && !noColor),
    print: text => void stdout.write(`${text}\n`),
    complain: text => void stderr.write(`rocketmq-gray: ${text}\n`),
    isScreen,
    clear: () => void stdout.write('\u001b[H\u001b[2J\u001b[3J'),
    get columns() {
      return isScreen ? stdout.columns : undefined;
    },
  };
}

/** A cell: what is printed, and how it is coloured, which takes no room. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Rows as lines, their columns as wide as their widest cell; the last one is not filled up. */
export function columns(rows: readonly (readonly (Cell | string)[])[], gap = '  '): string[] {
  const cells = rows.map(row => row.map(cell => (typeof cell === 'string' ? { text: cell } : cell)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [index, { text }] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, text.length);
  }
  return cells.map(row =>
    row
      .map(({ text, paint = plain }: Cell, index) => {
        const room = index === row.length - 1 ? 0 : (widths[index] ?? 0) - text.length;
        return paint(text) + ' '.repeat(room);
      })
      .join(gap)
      .trimEnd(),
  );
}

function plain(text: string): string {
  return text;
}

/** A text in lines of at most `width` characters, broken at spaces; words that are longer stay whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
