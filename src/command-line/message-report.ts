import { valueIn } from '../inspection/cluster/answer';
import { type Fate, fateOf } from '../inspection/message/message-fate';
import type { MessagePicture, MessageSearch } from '../inspection/message/message-picture';
import { verdictOn } from '../inspection/message/message-verdict';
import { columns, type Terminal, wrapped } from './terminal';

const WIDTH = 100;
const FILTER_WIDTH = 40;

/** What was found of a message, for people. */
export function messageReport(
  { at, pictures, problems }: MessageSearch,
  { name, topic }: { readonly name: string; readonly topic: string },
  terminal: Pick<Terminal, 'colors' | 'columns'>,
): string {
  const parts = pictures.map(picture => report(picture, at, terminal));
  if (pictures.length === 0) {
    const why = 'It was never sent there, or is deleted by now (brokers keep messages for some days).';
    parts.push(`no message ${name} in ${topic}. ${problems.length > 0 ? 'Not every broker could be asked.' : why}`);
  }
  if (problems.length > 0) parts.push(['not known:', ...problems.map(problem => `  ${problem}`)].join('\n'));
  return parts.join('\n\n');
}

function report(
  picture: MessagePicture,
  at: number,
  { colors, columns: width = WIDTH }: Pick<Terminal, 'colors' | 'columns'>,
) {
  const { found, tag, lanes } = picture;
  const { message, broker } = found;
  const { UNIQ_KEY, KEYS, TAGS } = message.properties;
  const facts = columns([
    ['  message', `${UNIQ_KEY ?? message.offsetId} of ${message.topic}`],
    ['  sent', `${time(message.bornAt)} from ${message.bornHost}`],
    [
      '  stored',
      `${time(message.storedAt)} on ${broker.name}, queue ${message.queueId}, offset ${message.queueOffset}`,
    ],
    ['  tag', tag ?? 'none'],
    ...(KEYS ? [['  keys', KEYS]] : []),
    ...(TAGS ? [['  TAG', TAGS]] : []),
  ]);
  const rows = lanes.map(lane => {
    const { fate, isSelected, filter } = fateOf(picture, lane);
    const cut = filter.length > FILTER_WIDTH ? `${filter.slice(0, FILTER_WIDTH - 1)}…` : filter;
    const selects = isSelected === undefined ? '?' : isSelected ? 'yes' : 'no';
    const paint = fate === 'dead' || fate === 'retried' ? colors.red : fate === 'taken' ? colors.green : undefined;
    const state = { text: WORDS[fate], ...(paint && { paint }) };
    return [`  ${lane.group}`, `${valueIn(lane.committed) ?? '-'}`, state, selects, cut];
  });
  const table = rows.length === 0 ? [] : columns([['  group', 'stands at', 'the message', 'its filter', ''], ...rows]);
  const sentences = verdictOn(picture, at).flatMap(sentence => wrapped(sentence, width));
  return [...facts, ...(table.length > 0 ? ['', ...table] : []), '', ...sentences].join('\n');
}

const WORDS: Readonly<Record<Fate, string>> = {
  taken: 'handled',
  skipped: 'skipped',
  passed: 'passed',
  waiting: 'waits',
  retried: 'failed, comes again',
  dead: 'dead letter',
  none: 'never consumed',
  unknown: 'not known',
};

/** UTC, with ms. */
function time(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC');
}
