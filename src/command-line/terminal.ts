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
  /** Draws on a screen of its own, in place of what was drawn before. */
  redraw(text: string): void;
  /** Back to the screen with what was there before the first {@link redraw}. */
  leave(): void;
  /** How wide the screen is, in characters; undefined where the output is none. */
  readonly columns: number | undefined;
}

/** The alternate screen of xterm and all that are like it; the cursor is hidden on it. */
const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l';
const LEAVE_SCREEN = '\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J';

/** The process's own. */
export function processTerminal(noColor: boolean): Terminal {
  const { stdout, stderr } = process;
  const isScreen = stdout.isTTY === true;
  // Whoever reads the output may leave before its end (`| head`).
  stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
    throw error;
  });
  let isApart = false;
  return {
    colors: createColors(isScreen && !noColor),
    print: text => void stdout.write(`${text}\n`),
    complain: text => void stderr.write(`rocketmq-gray: ${text}\n`),
    isScreen,
    redraw(text) {
      if (!isApart) stdout.write(ENTER_SCREEN);
      isApart = true;
      stdout.write(`${CLEAR}${text}\n`);
    },
    leave() {
      if (isApart) stdout.write(LEAVE_SCREEN);
      isApart = false;
    },
    get columns() {
      return isScreen ? stdout.columns : undefined;
    },
  };
}

/** Between columns. */
const GAP = '  ';

/** A cell: what is printed, and how it is coloured, which takes no room. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Rows as lines, their columns as wide as their widest cell; the last one is not filled up. */
export function columns(rows: readonly (readonly (Cell | string)[])[]): string[] {
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
      .join(GAP)
      .trimEnd(),
  );
}

export interface Fit {
  /** Characters. */
  readonly width: number;
  /** Columns that may be cut, by their numbers, in the order in which they are. */
  readonly cuttable: readonly number[];
}

/** To which columns are cut, all of them in turn; if that is not enough, once more. */
const NARROWEST = [28, 12, 6];

/** Rows whose lines are no wider than `width`, as far as the columns that may be cut allow it. */
export function fitted(rows: readonly (readonly (Cell | string)[])[], { width, cuttable }: Fit): (Cell | string)[][] {
  const textOf = (cell: Cell | string | undefined) => (typeof cell === 'object' ? cell.text : (cell ?? ''));
  const count = Math.max(0, ...rows.map(row => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map(row => textOf(row[at]).length)));
  let surplus = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  for (const narrowest of NARROWEST) {
    for (const at of cuttable) {
      const cut = Math.min(Math.max(0, surplus), Math.max(0, (widths[at] ?? 0) - narrowest));
      widths[at] = (widths[at] ?? 0) - cut;
      surplus -= cut;
    }
  }
  return rows.map(row =>
    row.map((cell, at) => {
      const text = shortened(textOf(cell), widths[at] ?? 0, at === cuttable[0] ? 'end' : 'middle');
      return typeof cell === 'object' ? { ...cell, text } : text;
    }),
  );
}

/** At most `length` characters, the rest is an ellipsis: the end of a name tells it from others. */
export function shortened(text: string, length: number, where: 'middle' | 'end' = 'end'): string {
  if (text.length <= length) return text;
  if (where === 'end') return `${text.slice(0, length - 1)}…`;
  const head = Math.ceil((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
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
