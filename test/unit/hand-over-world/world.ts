/**
 * A small world for hand-over: one topic of a broker, its groups, baseline processes, canaries that come and go. Everything
 * that takes time is split in two (a poll is sent, and answered later; an action is begun, and done later), and which step
 * comes next is chosen from outside.
 */
import {
  createHandOver,
  type HandOver,
  type HandOverAction,
  type HandOverEvent,
  type Marker,
} from '../../../src/rocketmq/hand-over/hand-over';
import { type CanaryTopic, coversShared, divisorFor, ownPlaceFor } from '../../../src/rocketmq/plan/division';
import {
  type Admits,
  type Asked,
  Broker,
  Consumer,
  filterOf,
  type Group,
  type Message,
  QUEUES,
  remove,
  selects,
} from './broker';

const TOPIC = 'TEST_MQ';
const GROUP = 'group1';
const LONGEST_POLL_MS = 60_000;

/** A canary's consumers, from when they are announced. */
interface Version {
  readonly tag: string;
  readonly asked: Asked;
  /** The first message that was sent once they consumed. */
  since: number;
}

interface Process {
  readonly id: string;
  readonly machine: HandOver;
  readonly main: Consumer;
  readonly excluded: Set<string>;
  readonly standIns: Map<string, Consumer>;
  /** Where groups stood when they were asked for first, by tag. */
  readonly begun: Map<string, (number | undefined)[]>;
  /** Where the queues ended when it looked last whether a canary's group gets on, by tag. */
  readonly ends: Map<string, readonly number[]>;
  /** Things under way, in no order. */
  readonly pending: (() => void)[];
  isUp: boolean;
  isStarted: boolean;
}

interface Canary {
  readonly tag: string;
  readonly asked: Asked;
  /** False: another agent made it one. It announces nothing, writes nothing down and waits for nobody. */
  readonly isAnnounced: boolean;
  readonly version: Version;
  consumer: Consumer | undefined;
  own: Consumer | undefined;
}

export interface WorldOptions {
  /** What the baseline subscribes to; default: everything. */
  readonly asked?: string;
  /** Of a baseline that does not write down what it subscribes to before the first canary comes. */
  readonly isUnwritten?: boolean;
  /** How many processes stand in for one tag; absent: all. */
  readonly mostStandIns?: number;
  /** How many the baseline has; default: 2. */
  readonly processes?: number;
  readonly declared: readonly string[];
  readonly tags: readonly string[];
}

export class World {
  now = 1_000_000;
  readonly broker: Broker;
  readonly markers = new Map<string, Marker>();
  private readonly processes: Process[] = [];
  private readonly canaries: Canary[] = [];
  /** What the last canary of a tag subscribes to. */
  private readonly written = new Map<string, CanaryTopic | undefined>();
  private isBaselineWritten: boolean;
  private readonly versions: Version[] = [];
  /** So many of the next actions fail. */
  faults = 0;

  constructor(private readonly options: WorldOptions) {
    this.isBaselineWritten = options.isUnwritten !== true;
    this.broker = new Broker(this.asked);
    const group = this.broker.group(GROUP);
    for (let queue = 0; queue < QUEUES; queue++) group.offsets[queue] = 0;
    for (let count = 0; count < (options.processes ?? 2); count++) this.startProcess();
  }

  // ---- baseline processes

  startProcess(): void {
    const excluded = new Set<string>();
    const { mostStandIns } = this.options;
    const process: Process = {
      id: `process ${this.processes.length}`,
      machine: createHandOver({
        ...(mostStandIns !== undefined && { mostStandIns }),
        canaryGroup: tag => `${GROUP}_${tag}`,
        declared: this.options.declared,
        ignored: [],
      }),
      main: new Consumer(
        this.broker.group(GROUP),
        'baseline',
        () => {
          const out = new Set(excluded);
          return ({ tag, word }) => selects(this.asked, word) && (tag === undefined || !out.has(tag));
        },
        tag => this.tell(process, { type: 'tag seen', tag }),
      ),
      excluded,
      standIns: new Map(),
      begun: new Map(),
      ends: new Map(),
      pending: [],
      isUp: true,
      isStarted: false,
    };
    this.processes.push(process);
    this.tell(process, { type: 'subscribed', topics: [TOPIC] });
    this.tell(process, { type: 'markers read', markers: [...this.markers.values()] });
    this.readSubscriptions(process);
    if (mostStandIns !== undefined) this.tell(process, this.peersOf(process));
  }

  /** Each on a host of its own. */
  private peersOf(process: Process): HandOverEvent {
    const peer = ({ id }: Process) => ({ id, host: id });
    return { type: 'peers seen', own: peer(process), peers: this.running.map(peer) };
  }

  private get asked(): string {
    return this.options.asked ?? '*';
  }

  /** @returns tags for which a stand-in may not start */
  private readSubscriptions(process: Process): Set<string> {
    const wide = new Set<string>();
    for (const [tag, topic] of this.written) {
      const isWider = topic !== undefined && !coversShared(filterOf(this.asked), topic);
      if (isWider) wide.add(tag);
      const topics = topic === undefined ? [] : [TOPIC];
      this.tell(process, { type: 'subscription read', tag, topics, wider: isWider ? [TOPIC] : [] });
    }
    return wide;
  }

  private tell(process: Process, event: HandOverEvent): void {
    if (!process.isUp) return;
    for (const action of process.machine.on(event, this.now)) this.carryOut(process, action);
  }

  private later(process: Process, work: () => void): void {
    process.pending.push(() => {
      if (process.isUp) work();
    });
  }

  private carryOut(process: Process, action: HandOverAction): void {
    switch (action.type) {
      case 'exclude tags':
        process.excluded.clear();
        for (const tag of action.tags) process.excluded.add(tag);
        return;
      case 'ensure offsets':
        this.later(process, () => {
          if (!this.isFaulty()) this.prepareGroup(action.tag);
          const isReady = this.isReady(process, action.tag) ? action.topics : [];
          const topics = this.isFaulty() ? undefined : isReady;
          if (topics !== undefined && topics.length > 0) {
            this.mark({ tag: action.tag, phase: 'managed', at: this.now });
          }
          this.later(process, () =>
            this.tell(process, { type: 'offsets ensured', tag: action.tag, asked: action.topics, topics }),
          );
        });
        return;
      case 'write marker':
        this.mark(action.marker);
        return;
      case 'start stand-in':
        this.later(process, () => this.startStandIn(process, action.tag, action.isBeside));
        return;
      case 'end stand-in': {
        const standIn = process.standIns.get(action.tag);
        if (standIn === undefined) throw new Error('no stand-in to end');
        standIn.isLeaving = true;
        this.later(process, () => {
          this.broker.release(standIn);
          process.standIns.delete(action.tag);
          this.tell(process, { type: 'stand-in ended', tag: action.tag });
        });
        return;
      }
      case 'look at stand-ins': {
        const { tag, id } = action;
        this.later(process, () => {
          const standing = this.running.filter(({ standIns }) => standIns.has(tag)).map(({ id }) => id);
          const { offsets } = this.broker.group(`${GROUP}_${tag}`);
          const isStuck = (process.ends.get(tag) ?? []).some((end, queue) => (offsets[queue] ?? 0) < end);
          process.ends.set(tag, this.broker.ends());
          this.tell(process, { type: 'stand-ins looked at', tag, id, standing, isStuck });
        });
        return;
      }
      case 'tell when drained': {
        const ends = this.broker.ends();
        const check = () => {
          const group = this.broker.group(`${GROUP}_${action.tag}`);
          const hasPassed = ends.every((end, queue) => (group.offsets[queue] ?? 0) >= end) && this.isSettled(group);
          if (!hasPassed) return this.later(process, check);
          this.tell(process, { type: 'drained', tag: action.tag, id: action.id, isDeclaredElsewhere: false });
        };
        this.later(process, check);
        return;
      }
    }
  }

  private isSettled(group: Group): boolean {
    const consumers = this.processes.flatMap(({ standIns }) => [...standIns.values()]);
    return (
      group.retries.length === 0 && consumers.every(consumer => consumer.group !== group || consumer.held.length === 0)
    );
  }

  private startStandIn(process: Process, tag: string, isBeside: boolean): void {
    // As the driver does: it announces itself, and looks once more whether a canary has come, and what it subscribes to.
    const mayNot = this.readSubscriptions(process).has(tag) || (isBeside && this.written.get(tag) !== undefined);
    if (mayNot || (!isBeside && this.isAnnounced(tag))) {
      this.tell(process, { type: 'stand-in not started', tag, isFailure: false });
      return;
    }
    if (this.isFaulty()) {
      this.tell(process, { type: 'stand-in not started', tag, isFailure: true });
      return;
    }
    const standIn = new Consumer(
      this.broker.group(`${GROUP}_${tag}`),
      'stand-in',
      () => message => message.tag === tag && selects(this.asked, message.word),
      () => this.tell(process, { type: 'tag seen', tag }),
    );
    process.standIns.set(tag, standIn);
    this.tell(process, { type: 'stand-in started', tag });
  }

  private mark(marker: Marker): void {
    this.markers.set(marker.tag, marker);
  }

  /** Each queue without an offset begins where the baseline's group stands. */
  private prepareGroup(tag: string): void {
    const baseline = this.broker.group(GROUP);
    const canary = this.broker.group(`${GROUP}_${tag}`);
    for (let queue = 0; queue < QUEUES; queue++) canary.offsets[queue] ??= baseline.offsets[queue];
  }

  /** Whether every queue has an offset, and nothing is between those of the baseline and those of a group that nobody prepared. */
  private isReady(process: Process, tag: string): boolean {
    const { offsets } = this.broker.group(`${GROUP}_${tag}`);
    if (offsets.includes(undefined)) return false;
    if (this.markers.get(tag)?.phase === 'managed') return true;
    const begun = process.begun.get(tag) ?? [...offsets];
    process.begun.set(tag, begun);
    const own = this.broker.group(GROUP).offsets;
    const isReady = begun.every((offset, queue) => (own[queue] ?? 0) >= (offset ?? 0));
    if (isReady) process.begun.delete(tag);
    return isReady;
  }

  /** Whether the group of a canary stands ahead of the baseline's. */
  private isAhead(tag: string): boolean {
    const own = this.broker.group(GROUP).offsets;
    return this.broker.group(`${GROUP}_${tag}`).offsets.some((offset = 0, queue) => offset > (own[queue] ?? 0));
  }

  private isFaulty(): boolean {
    return this.faults > 0 && this.faults-- > 0;
  }

  /** How many stand in for a tag. */
  standInsFor(tag: string): number {
    return this.running.filter(({ standIns }) => standIns.has(tag)).length;
  }

  get standIns(): number {
    return this.running.reduce((sum, { standIns }) => sum + standIns.size, 0);
  }

  /** What was given up is the baseline's: its canary goes on where that stands. */
  private catchUp(tag: string): void {
    const baseline = this.broker.group(GROUP);
    const canary = this.broker.group(`${GROUP}_${tag}`);
    for (let queue = 0; queue < QUEUES; queue++) {
      canary.offsets[queue] = Math.max(canary.offsets[queue] ?? 0, baseline.offsets[queue] ?? 0);
    }
  }

  private get running(): Process[] {
    return this.processes.filter(({ isUp }) => isUp);
  }

  private get consumers(): Consumer[] {
    return [
      ...this.running.flatMap(({ main, isStarted, standIns }) => [...(isStarted ? [main] : []), ...standIns.values()]),
      ...this.canaries.flatMap(({ consumer, own }) => [consumer ?? [], own ?? []].flat()),
    ];
  }

  // ---- canaries

  private isAnnounced(tag: string): boolean {
    return this.canaries.some(canary => canary.tag === tag);
  }

  // ---- what can happen next

  /** Every step that is possible now. */
  steps(): (() => void)[] {
    const steps: (() => void)[] = [];
    for (const process of this.running) {
      if (!process.isStarted && process.machine.isReady) {
        steps.push(() => {
          process.isStarted = true;
        });
      }
      steps.push(() => this.tell(process, { type: 'markers read', markers: [...this.markers.values()] }));
      const tags = new Set(this.canaries.map(({ tag }) => tag));
      const announced = this.canaries.filter(({ isAnnounced }) => isAnnounced).map(({ tag }) => tag);
      const withoutAgent = new Set([...tags].filter(tag => !announced.includes(tag)));
      const seen = { type: 'canaries seen', tags, withoutAgent, isComplete: true } as const;
      steps.push(() => void this.readSubscriptions(process));
      if (this.options.mostStandIns !== undefined) {
        const peers = this.peersOf(process);
        steps.push(() => this.tell(process, peers));
        steps.push(() => this.later(process, () => this.tell(process, peers)));
      }
      // An answer that arrives at once, or after whatever happens meanwhile.
      steps.push(() => this.tell(process, seen));
      steps.push(() => this.later(process, () => this.tell(process, seen)));
      if (!this.broker.isCalm)
        steps.push(() => this.tell(process, { type: 'canaries seen', tags: new Set(), isComplete: false }));
      for (const work of process.pending) {
        steps.push(() => {
          if (remove(process.pending, work)) work();
        });
      }
    }
    for (const consumer of this.consumers) steps.push(...this.broker.steps(consumer));
    for (const canary of this.canaries) {
      // It has announced itself; its consumer starts when it has waited for the stand-ins, or long enough.
      if (canary.isAnnounced && canary.consumer === undefined) {
        steps.push(() => this.startConsumers(canary));
      }
    }
    return steps;
  }

  private startConsumers(canary: Canary): void {
    const { tag, asked } = canary;
    // One that subscribes to more than the one before it waits until no poll of that is held.
    this.broker.answerLeft();
    canary.version.since = this.broker.sent.length;
    const divisor = this.written.get(tag)?.divisor?.expression;
    const isCommon = ({ word }: Message) => divisor === undefined || selects(divisor, word);
    const isIts = (message: Message) => message.tag === tag && selects(asked, message.word);
    const consumer = (name: string, isPart: Admits) =>
      new Consumer(this.broker.group(name), 'canary', () => message => isIts(message) && isPart(message));
    canary.consumer = consumer(`${GROUP}_${tag}`, isCommon);
    // It polls nothing of a topic that it does not subscribe to.
    canary.consumer.isLeaving = asked === null;
    if (divisor !== undefined) canary.own = consumer(`${GROUP}_${tag}__own`, message => !isCommon(message));
  }

  /** Everything that is possible now, once. */
  round(): void {
    for (const step of this.steps()) step();
  }

  /** Time passes. Nobody is kept from the markers, and no poll is under way, for longer than half a minute or so. */
  wait(ms: number): void {
    if (ms >= LONGEST_POLL_MS) {
      for (const process of this.running)
        this.tell(process, { type: 'markers read', markers: [...this.markers.values()] });
      for (const consumer of this.consumers) this.broker.answerAll(consumer);
      this.broker.answerLeft();
    }
    this.now += ms;
  }

  // ---- what happens from outside

  send(tag: string | undefined, queue: number, word = 'A'): void {
    const isUndivided = this.options.isUnwritten === true && this.written.get(tag ?? '')?.divisor === undefined;
    this.broker.send({ id: this.broker.sent.length, tag, word, isUndivided }, queue);
  }

  startCanary(tag: string, asked: Asked = '*'): void {
    // Of two versions at once each passes over what only the other one subscribes to, as members of a group do.
    if (this.canaries.some(canary => canary.tag === tag && canary.asked !== asked)) return;
    this.prepareGroup(tag);
    if (this.markers.get(tag)?.phase === 'retired') this.catchUp(tag);
    // Else the baseline writes it down, once it has come to where the group stands.
    if (this.markers.has(tag) || !this.isAhead(tag)) this.mark({ tag, phase: 'managed', at: this.now });
    this.divide(tag, asked);
    const version = { tag, asked, since: Number.POSITIVE_INFINITY };
    this.versions.push(version);
    this.canaries.push({ tag, asked, isAnnounced: true, version, consumer: undefined, own: undefined });
  }

  /** A canary that another agent made one: its group begins at the end where it has not been before. */
  startOther(tag: string): void {
    const group = this.broker.group(`${GROUP}_${tag}`);
    for (const [queue, end] of this.broker.ends().entries()) group.offsets[queue] ??= end;
    const version = { tag, asked: '*', since: this.broker.sent.length };
    this.versions.push(version);
    const consumer = new Consumer(group, 'canary', () => message => message.tag === tag);
    this.canaries.push({ tag, asked: '*', isAnnounced: false, version, consumer, own: undefined });
  }

  /** The next version of a canary comes in the place of those that are there. */
  replaceCanary(tag: string, asked: Asked): void {
    while (this.canaries.some(canary => canary.tag === tag)) this.endCanary(tag);
    this.startCanary(tag, asked);
  }

  private divide(tag: string, asked: Asked): void {
    const before = this.written.get(tag);
    if (asked === null) return void this.written.set(tag, undefined);
    const divisor = divisorFor(filterOf(asked), this.isBaselineWritten ? filterOf(this.asked) : undefined, before);
    this.written.set(tag, { filter: filterOf(asked), divisor });
    if (divisor === undefined) return;
    const shared = this.broker.group(`${GROUP}_${tag}`);
    const own = this.broker.group(`${GROUP}_${tag}__own`);
    const place = ownPlaceFor(divisor, before);
    for (let queue = 0; queue < QUEUES; queue++) {
      const [offset = 0, former] = [shared.offsets[queue], own.offsets[queue]];
      if (former === undefined || place === 'where the shared group is') own.offsets[queue] = offset;
      else if (place === 'not behind the shared group') own.offsets[queue] = Math.min(former, offset);
    }
  }

  /** The baseline writes down what it subscribes to. */
  writeBaseline(): void {
    this.isBaselineWritten = true;
  }

  /** Whether somebody has to handle a message: nobody that came since it was sent, or was the last to come then, left it out. */
  isOwed({ id, tag, word, isUndivided }: Message): boolean {
    const isBaselines = selects(this.asked, word);
    // A stand-in may pass over what it does not want (docs/limits.md).
    if (isUndivided && !isBaselines) return false;
    if (tag === undefined) return isBaselines;
    const versions = this.versions.filter(version => version.tag === tag);
    const wants = ({ asked }: Version) => (asked === null ? isBaselines : selects(asked, word));
    const last = versions.findLastIndex(({ since }) => since <= id);
    if (last < 0 && !isBaselines) return false;
    return versions.slice(Math.max(0, last)).every(wants);
  }

  /** It ends, cleanly or not: what it held comes back to its group. */
  endCanary(tag: string): void {
    const index = this.canaries.findIndex(canary => canary.tag === tag);
    if (index < 0) return;
    const [canary] = this.canaries.splice(index, 1);
    for (const consumer of [canary?.consumer, canary?.own]) {
      if (consumer !== undefined) this.broker.abandon(consumer);
    }
  }

  /** A baseline process dies, and another one is started. */
  restartProcess(index: number): void {
    const process = this.running[index % this.running.length];
    if (process === undefined) return;
    process.isUp = false;
    for (const consumer of [process.main, ...process.standIns.values()]) this.broker.release(consumer);
    this.startProcess();
  }

  /** Nothing more happens from outside, and what is under way succeeds: until every message is handled. */
  calmDown(): void {
    this.broker.isCalm = true;
    this.faults = 0;
    // What only a canary wants waits until one is there.
    if (this.options.asked !== undefined) {
      for (const [tag, topic] of this.written) this.startCanary(tag, topic?.filter.expression ?? null);
    }
    for (let round = 0; round < 400; round++) {
      this.now += 1_000;
      this.round();
      if (this.isQuiet()) return;
    }
    throw new Error('does not come to rest');
  }

  private isQuiet(): boolean {
    const handled = new Set(this.broker.handled.map(({ id }) => id));
    return this.broker.sent.every(message => handled.has(message.id) || !this.isOwed(message));
  }
}
