/**
 * Plays a transcript of `test/hand-over/*.txt` to the core of a hand-over: commands with, below a line of dashes, what came
 * of each. The grammar is in `test/hand-over/README.md`.
 */
import { parseDuration } from '../../src/names/duration';
import {
  createHandOver,
  type HandOver,
  type HandOverAction,
  type HandOverEvent,
  type Marker,
  type Phase,
  type TagReport,
} from '../../src/rocketmq/hand-over/hand-over';
import { sayFact } from '../../src/rocketmq/hand-over/say-fact';
import { recordedLog } from './recorded-log';

const GROUP = 'group1';
const SEPARATOR = '----';
const canaryGroup = (tag: string) => `${GROUP}_${tag}`;
/** 14:00 of a day: times in transcripts are relative to now. */
const START = 1_700_000_000_000;

/** One process's consumer, as far as a transcript has told of it. */
interface Process {
  readonly name: string;
  readonly core: HandOver;
  /** What was asked last, for commands that answer it. By tag. */
  readonly offsetsAsked: Map<string, readonly string[]>;
  readonly drainAsked: Map<string, number>;
  readonly lookAsked: Map<string, number>;
  reported: ReadonlyMap<string, string>;
  wasReady: boolean;
}

interface Play {
  now: number;
  readonly processes: Map<string, Process>;
  /** What is written down, which all processes share. */
  readonly markers: Map<string, Marker>;
}

/** The transcript with the outputs that its commands give now. @throws Error for a command that nobody knows */
export function play(transcript: string): string {
  const state: Play = { now: START, processes: new Map(), markers: new Map() };
  const blocks = transcript.trim().split(/\n{2,}/);
  return `${blocks.map(block => playBlock(state, block)).join('\n\n')}\n`;
}

function playBlock(state: Play, block: string): string {
  const lines = block.split('\n');
  const end = lines.indexOf(SEPARATOR);
  const input = end < 0 ? lines : lines.slice(0, end);
  const commands = input.filter(line => !line.startsWith('#'));
  // A paragraph of comments.
  if (commands.length === 0) return input.join('\n');
  const output = commands.flatMap(command => run(state, command));
  return [...input, SEPARATOR, ...(output.length > 0 ? output : ['nothing'])].join('\n');
}

/** `[process:] command arguments… [option] [option=value]` */
function run(state: Play, line: string): string[] {
  const [, name = 'a', text = ''] = /^(?:(\w+): )?(.*)$/.exec(line) ?? [];
  const [command = '', ...words] = text.split(/\s+/);
  if (command === 'wait') {
    state.now += duration(words[0] ?? '');
    return [];
  }
  if (command === 'process') {
    state.processes.set(name, newProcess(name, words));
    return [`${GROUP} of process ${name} begins`];
  }
  if (command === 'written') {
    const [tag = '', phase, ago = '0s'] = words;
    const ahead = option(words, 'ahead');
    const at = ahead === undefined ? state.now - duration(ago) : state.now + duration(ahead);
    state.markers.set(tag, { tag, phase: phase as Phase, at });
    return [];
  }
  const process = state.processes.get(name);
  if (process === undefined) throw new Error(`no process ${name}: ${line}`);
  const actions = process.core.on(eventOf(state, process, command, words), state.now);
  const mark = state.processes.size > 1 ? `${name}: ` : '';
  return [...actions.flatMap(action => describeAction(state, process, action)), ...changes(process)].map(
    output => mark + output,
  );
}

function newProcess(name: string, words: readonly string[]): Process {
  const mostStandIns = option(words, 'stand-ins');
  const retention = option(words, 'retention');
  const core = createHandOver({
    canaryGroup,
    declared: list(option(words, 'declared')),
    ignored: list(option(words, 'ignored')),
    offsetsNeedPolling: words.includes('offsets-need-polling'),
    ...(mostStandIns !== undefined && { mostStandIns: Number(mostStandIns) }),
    ...(retention !== undefined && { retention: () => duration(retention) }),
  });
  return {
    name,
    core,
    offsetsAsked: new Map(),
    drainAsked: new Map(),
    lookAsked: new Map(),
    reported: new Map(),
    wasReady: false,
  };
}

function eventOf(state: Play, process: Process, command: string, words: readonly string[]): HandOverEvent {
  const [tag = '', second = ''] = words;
  switch (command) {
    case 'subscribed':
      return { type: 'subscribed', topics: words };
    case 'unsubscribed':
      return { type: 'unsubscribed', topic: tag };
    case 'settled':
      return {
        type: 'tags settled',
        declared: list(option(words, 'declared')),
        ignored: list(option(words, 'ignored')),
      };
    case 'queues-changed':
      return { type: 'queues changed', topics: words, grown: words };
    case 'broker-back':
      return { type: 'queues changed', topics: words, grown: [] };
    case 'markers':
      return { type: 'markers read', markers: [...state.markers.values()] };
    case 'canaries': {
      const about = option(words, 'about');
      const tags = new Set(words.filter(word => !/=|^none$|^incomplete$/.test(word)));
      const isComplete = !words.includes('incomplete');
      return { type: 'canaries seen', tags, isComplete, about: about === undefined ? about : new Set(list(about)) };
    }
    case 'offsets': {
      const asked = process.offsetsAsked.get(tag) ?? [];
      const only = option(words, 'only');
      const topics = words.includes('none') ? [] : only === undefined ? asked : list(only);
      if (words.includes('unanswered')) return { type: 'offsets ensured', tag, asked, topics: undefined };
      return { type: 'offsets ensured', tag, asked, topics };
    }
    case 'subscription':
      return { type: 'subscription read', tag, topics: list(second), wider: list(option(words, 'wider')) };
    case 'stand-in-started':
      return { type: 'stand-in started', tag };
    case 'stand-in-failed':
      return { type: 'stand-in not started', tag, isFailure: true, isAlone: second !== 'beside-others' };
    case 'stand-in-gave-way':
      return { type: 'stand-in not started', tag, isFailure: false };
    case 'stand-in-not-subscribed':
      return { type: 'stand-in not subscribed', tag, topic: second };
    case 'stand-in-ended':
      return { type: 'stand-in ended', tag };
    case 'message':
      return { type: 'tag seen', tag };
    case 'drained':
      return {
        type: 'drained',
        tag,
        id: process.drainAsked.get(tag) ?? -1,
        isDeclaredElsewhere: second === 'declared-elsewhere',
      };
    case 'peers': {
      const peers = words.includes('unknown') ? undefined : words.map(peer);
      return { type: 'peers seen', own: peer(process.name), peers };
    }
    case 'stand-ins-seen': {
      const ids = words.slice(1).filter(word => word !== 'stuck');
      const standing = ids.includes('unanswered') ? undefined : ids;
      const id = process.lookAsked.get(tag) ?? -1;
      return { type: 'stand-ins looked at', tag, id, standing, isStuck: words.includes('stuck') };
    }
    case 'closing':
      return { type: 'closing' };
    default:
      throw new Error(`no such command: ${command}`);
  }
}

/** What a process does. What it asks and writes down is kept. */
function describeAction(state: Play, process: Process, action: HandOverAction): string {
  switch (action.type) {
    case 'ensure offsets':
      process.offsetsAsked.set(action.tag, action.topics);
      return `ensure offsets of ${canaryGroup(action.tag)} on ${action.topics.join(', ')}`;
    case 'exclude tags':
      return `exclude from ${action.topic}: ${action.tags.join(', ') || 'nothing'}`;
    case 'start stand-in':
      return `start stand-in in ${canaryGroup(action.tag)} for ${action.topics.join(', ')}${action.isBeside ? ' beside the canary' : ''}`;
    case 'subscribe stand-in':
      return `subscribe stand-in of ${action.tag} to ${action.topic}`;
    case 'unsubscribe stand-in':
      return `unsubscribe stand-in of ${action.tag} from ${action.topic}`;
    case 'end stand-in':
      return `end stand-in in ${canaryGroup(action.tag)}`;
    case 'write marker':
      state.markers.set(action.marker.tag, action.marker);
      return `write down: ${action.marker.tag} ${action.marker.phase}`;
    case 'tell when drained':
      process.drainAsked.set(action.tag, action.id);
      return `tell when ${canaryGroup(action.tag)} is drained on ${action.topics.join(', ')}`;
    case 'look at stand-ins':
      process.lookAsked.set(action.tag, action.id);
      return `look who stands in in ${canaryGroup(action.tag)}`;
    case 'say what is dropped':
      return `say what is dropped in ${canaryGroup(action.tag)}`;
    case 'say': {
      const lines: string[] = [];
      sayFact(action.fact, GROUP, canaryGroup, recordedLog(lines));
      return lines.join();
    }
  }
}

/** Each tag of which something else is known than before, and whether the consumer may begin. */
function changes(process: Process): string[] {
  const reports = new Map(process.core.tags().map(report => [report.tag, describeTag(report)]));
  const changed = [...reports].filter(([tag, text]) => process.reported.get(tag) !== text);
  const lines = changed.map(([, text]) => `  ${text}`);
  const { isReady } = process.core;
  if (isReady !== process.wasReady) lines.push(isReady ? '  ready' : '  not ready');
  process.reported = reports;
  process.wasReady = isReady;
  return lines;
}

function describeTag({ tag, phase, reason, canary, standIn, leftOut }: TagReport): string {
  const parts = [
    phase === 'managed' ? `managed (${reason})` : phase,
    `canary ${canary}`,
    ...(standIn === 'none' ? [] : [`stand-in ${standIn}`]),
    ...(leftOut.length > 0 ? [`excluded from ${leftOut.join(', ')}`] : []),
  ];
  return `${tag}: ${parts.join('; ')}`;
}

/** Each on a host of its own. */
const peer = (id: string) => ({ id, host: `host of ${id}` });

function option(words: readonly string[], name: string): string | undefined {
  return words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

function list(text = ''): string[] {
  return text.split(',').filter(word => word !== '');
}

/** `3h30m`, `5s` in ms. */
function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`no duration: ${text}`);
  return ms;
}
