/** Who is there, in a simulated network: announcements that outlast broken connections, and questions that are shared. */
import { describe, expect, it } from 'vitest';
import { MEMORY_MS, SETTLING_MS } from '../../src/rocketmq/presence/memory';
import { type Presence, sharedPresence } from '../../src/rocketmq/presence/presence';
import { GET_PRODUCER_CONNECTION_LIST, SYSTEM_ERROR } from '../../src/rocketmq/remoting/codes';
import { PROXIES_GROUP } from '../../src/rocketmq/remoting/proxies';
import { SimulatedProcess } from './simulation/network';
import { Broker } from './simulation/servers';
import { PROXY, SERVERS, TOPIC, World } from './simulation/world';

const TOPICS = [TOPIC];

class Watch {
  readonly world = new World(1, true);
  readonly processes: SimulatedProcess[] = [];
  readonly looking = this.presence();

  presence(servers: object = SERVERS): Presence {
    const process = new SimulatedProcess(this.world.network);
    this.processes.push(process);
    return sharedPresence(servers, process);
  }

  /** What comes of a question, when time passes. */
  async after<T>(work: Promise<T>, ms = 700): Promise<T> {
    await this.world.pass(ms);
    return work;
  }

  async canaries(tags: readonly string[] = [], presence = this.looking): Promise<string[]> {
    return [...(await this.after(presence.canaries('group1', TOPICS, tags))).tags].sort();
  }

  takeDown(broker: Broker): void {
    this.world.takeDown(broker, this.processes);
  }

  restart(broker: Broker, downMs = 0): void {
    this.takeDown(broker);
    this.world.time.after(downMs + 100, () => {
      broker.isUp = true;
    });
  }
}

describe('presence', () => {
  it('sees who announced himself, until the last of a process withdraws', async () => {
    const watch = new Watch();
    expect(await watch.canaries()).toEqual([]);
    const there = watch.presence();
    const first = await watch.after(there.announceCanary('group1', 'gray', TOPICS));
    const second = await watch.after(there.announceCanary('group1', 'gray', TOPICS));
    expect(first.refusal).toBeUndefined();
    expect(await watch.canaries()).toEqual(['gray']);
    await watch.after(first.withdraw());
    await watch.after(first.withdraw());
    expect(await watch.canaries()).toEqual(['gray']);
    await watch.after(second.withdraw());
    expect(await watch.canaries()).toEqual([]);
  });

  it('sees at once that a process has died', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual(['gray']);
    watch.world.kill(watch.processes[1] as SimulatedProcess);
    expect(await watch.canaries()).toEqual([]);
  });

  it('tells stand-ins, declarations and canaries of different groups apart', async () => {
    const watch = new Watch();
    const there = watch.presence();
    await watch.after(there.announceStandIn('group1_gray', TOPICS));
    await watch.after(there.announceDeclared('group1_blue', TOPICS));
    await watch.after(there.announceBaseline('group1', TOPICS));
    await watch.after(there.announceCanary('group2', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual([]);
    const { looking } = watch;
    expect((await watch.after(looking.standIns('group1_gray', TOPICS)))?.size).toBe(1);
    expect((await watch.after(looking.standIns('group1_blue', TOPICS)))?.size).toBe(0);
    expect(await watch.after(looking.isDeclared('group1_blue', TOPICS))).toBe(true);
    expect(await watch.after(looking.isDeclared('group1_gray', TOPICS))).toBe(false);
  });

  it('announces again when a broker comes back, and believes others until then', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual(['gray']);
    const [a, b] = watch.world.brokers;
    watch.restart(a);
    expect(await watch.canaries()).toEqual(['gray']);
    // The other one goes away for good: the first has been told anew.
    watch.takeDown(b);
    for (let second = 0; second < 10; second++) expect(await watch.canaries()).toEqual(['gray']);
  });

  it('does not believe a broker that has just come back, where none else answers', async () => {
    const watch = new Watch();
    const there = watch.presence();
    await watch.after(there.announceCanary('group1', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual(['gray']);
    const [canary] = watch.processes.slice(1);
    // It cannot announce itself again.
    for (const { address } of watch.world.brokers) canary?.unreachable.add(address);
    for (const broker of watch.world.brokers) watch.restart(broker);
    await watch.world.pass(1_000);
    expect(await watch.canaries()).toEqual(['gray']);
    await watch.world.pass(SETTLING_MS);
    expect(await watch.canaries()).toEqual([]);
  });

  it('knows what it knew while no broker answers, for two minutes, and proves nothing by it', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual(['gray']);
    for (const broker of watch.world.brokers) watch.takeDown(broker);
    await watch.world.pass(1_000);
    const seen = await watch.after(watch.looking.canaries('group1', TOPICS), 4_000);
    expect(seen).toMatchObject({ tags: new Set(['gray']), isComplete: false });
    expect(seen.about).toEqual(new Set());
    expect(seen.problem).toContain('connection refused');
    expect(await watch.after(watch.looking.standIns('group1_gray', TOPICS), 4_000)).toBeUndefined();
    expect(await watch.after(watch.looking.isDeclared('group1_gray', TOPICS), 4_000)).toBeUndefined();
    await watch.world.pass(MEMORY_MS);
    expect(await watch.canaries()).toEqual([]);
  });

  it('says why nobody answers where the name servers are away', async () => {
    const watch = new Watch();
    for (const server of watch.world.nameServers) server.isUp = false;
    const seen = await watch.after(watch.looking.canaries('group1', TOPICS), 10_000);
    expect(seen.tags).toEqual(new Set());
    expect(seen.isComplete).toBe(false);
    expect(seen.problem).toContain('connection refused');
  });

  it('asks a broker once for all who ask at the same time, and again a little later', async () => {
    const watch = new Watch();
    await watch.canaries();
    const asked = () =>
      watch.world.brokers.flatMap(({ commands }) => commands).filter(code => code === GET_PRODUCER_CONNECTION_LIST)
        .length;
    const before = asked();
    await watch.world.pass(1_000);
    void watch.looking.canaries('group1', TOPICS);
    void watch.looking.canaries('group1', TOPICS);
    await watch.world.pass(200);
    void watch.looking.canaries('group1', TOPICS);
    await watch.world.pass(100);
    expect(asked() - before).toBe(2);
    await watch.world.pass(300);
    await watch.canaries();
    expect(asked() - before).toBe(4);
  });

  it('announces on brokers that come later', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    const [, b] = watch.world.brokers;
    const c = new Broker('broker-c', 'broker-c:10911');
    c.addQueue(TOPIC, true);
    watch.world.addBroker(c);
    await watch.world.pass(31_000);
    for (const broker of [watch.world.brokers[0], b]) watch.takeDown(broker);
    await watch.world.pass(5_000);
    expect(await watch.canaries()).toEqual(['gray']);
  });

  it('finds a broker that has moved to another address', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    const [a, b] = watch.world.brokers;
    const moved = new Broker(a.name, 'elsewhere:10911');
    moved.addQueue(TOPIC, true);
    watch.world.removeBroker(a);
    watch.world.addBroker(moved);
    watch.takeDown(a);
    watch.takeDown(b);
    await watch.world.pass(1_000);
    await watch.canaries();
    await watch.world.pass(4_000);
    expect(await watch.canaries()).toEqual(['gray']);
    expect(moved.producersOf('rocketmq-gray.canary.group1')).toBe(1);
  });

  it.each([1_000, 200_000])('asks replicas where no master answers, %s ms after it was lost', async ms => {
    const watch = new Watch();
    const { world } = watch;
    const replica = new Broker('replica', 'replica-a:10911');
    world.network.add(replica);
    for (const server of world.nameServers) server.replicas.set('broker-a', replica.address);
    const there = watch.presence();
    const announcement = await watch.after(there.announceCanary('group1', 'gray', TOPICS));
    expect(announcement.refusal).toBeUndefined();
    expect(await watch.canaries()).toEqual(['gray']);
    expect(replica.producersOf('rocketmq-gray.canary.group1')).toBe(1);
    // Nobody asks it as long as a master answers.
    expect(replica.commands).not.toContain(GET_PRODUCER_CONNECTION_LIST);
    for (const broker of world.brokers) watch.takeDown(broker);
    for (const server of world.nameServers) for (const { name } of world.brokers) server.withoutMaster.add(name);
    await world.pass(ms);
    const seen = () => watch.after(watch.looking.canaries('group1', TOPICS), 4_000);
    expect(await seen()).toMatchObject({ tags: new Set(['gray']), isComplete: true });
    world.kill(watch.processes[1] as SimulatedProcess);
    expect(await seen()).toMatchObject({ tags: new Set(), isComplete: true, about: undefined });

    // A master that comes back takes for there who was there before; the replica knows better.
    for (const broker of world.brokers) broker.isUp = true;
    for (const server of world.nameServers) server.withoutMaster.clear();
    await world.pass(4_000);
    expect(await seen()).toMatchObject({ tags: new Set(), isComplete: true, about: undefined });

    // What keeps a replica from saying it is the reason, not that the master is away.
    for (const broker of world.brokers) watch.takeDown(broker);
    for (const server of world.nameServers) for (const { name } of world.brokers) server.withoutMaster.add(name);
    const answer = replica.answer.bind(replica);
    replica.answer = (...asked) => ({ ...answer(...asked), code: SYSTEM_ERROR, remark: 'No acl config' });
    expect((await seen()).problem).toContain('No acl config');
  });

  it('leaves brokers that are listed no longer, two minutes later', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    const [, b] = watch.world.brokers;
    watch.world.removeBroker(b);
    await watch.world.pass(100_000);
    expect(b.producersOf('rocketmq-gray.canary.group1')).toBe(1);
    await watch.world.pass(60_000);
    expect(b.producersOf('rocketmq-gray.canary.group1')).toBe(0);
    expect(await watch.canaries()).toEqual(['gray']);
  });

  it('keeps brokers while name servers list none, which have just started', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    expect(await watch.canaries()).toEqual(['gray']);
    for (const broker of watch.world.brokers) watch.world.removeBroker(broker);
    await watch.world.pass(200_000);
    expect(await watch.canaries()).toEqual(['gray']);
  });

  it('looks nothing up any more of topics that nobody asked about for long', async () => {
    const watch = new Watch();
    const asked = () => watch.world.nameServers.reduce((sum, { commands }) => sum + commands, 0);
    await watch.canaries();
    await watch.world.pass(200_000);
    const before = asked();
    await watch.world.pass(100_000);
    expect(asked()).toBeGreaterThan(before);
    await watch.world.pass(100_000);
    const after = asked();
    await watch.world.pass(400_000);
    expect(asked()).toBe(after);
    // What is announced there is reason enough.
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    await watch.world.pass(1_000_000);
    expect(await watch.canaries()).toEqual(['gray']);
    const later = asked();
    await watch.world.pass(100_000);
    expect(asked()).toBeGreaterThan(later);
  });

  it('asks by who is connected where it may not ask who announced himself', async () => {
    const watch = new Watch();
    for (const broker of watch.world.brokers) broker.mayAsk = false;
    const process = new SimulatedProcess(watch.world.network);
    const member = (role: 'canary' | 'stand-in', tag: string) =>
      watch.world.consumer({ process, role, group: `group1_${tag}`, filter: () => () => true, sighted() {} });
    member('canary', 'gray');
    member('stand-in', 'blue');
    const seen = await watch.after(watch.looking.canaries('group1', TOPICS, ['gray', 'blue', 'red']));
    expect(seen).toMatchObject({
      tags: new Set(['gray']),
      isComplete: true,
      about: new Set(['gray', 'blue', 'red']),
    });
    expect(seen.problem).toBeUndefined();
    expect(await watch.after(watch.looking.canaries('group1', TOPICS, []))).toMatchObject({ isComplete: true });
    expect((await watch.after(watch.looking.standIns('group1_blue', TOPICS)))?.size).toBe(1);
    expect((await watch.after(watch.looking.standIns('group1_gray', TOPICS)))?.size).toBe(0);
  });

  /** Members of a group. */
  const connected = (...clientIds: string[]) =>
    new Map(clientIds.map(clientId => [clientId, { type: 'TAG' as const, expression: '*' }]));

  describe('where proxies in CLUSTER mode know who is connected, and nobody may ask who announced himself', () => {
    const about = new Set(['gray', 'blue']);
    function clustered(mayAskForProxies = true) {
      const watch = new Watch();
      for (const broker of watch.world.brokers) {
        broker.mayAsk = false;
        broker.members.set(PROXIES_GROUP, connected('10.0.0.1@DEFAULT'));
        if (!mayAskForProxies) broker.mayNotSee.add(PROXIES_GROUP);
      }
      watch.world.proxy.members.set('group1_gray', connected('10.0.0.2@9'));
      watch.world.proxy.members.set('group1_blue', connected('10.0.0.2@9@gray-stand-in'));
      return watch;
    }
    const see = (watch: Watch, looking: Presence) =>
      watch.after(looking.canaries('group1', TOPICS, ['gray', 'blue']), 4_000);

    it.each([true, false])('a proxy is asked; its account may ask brokers for proxies: %s', async mayAsk => {
      const watch = clustered(mayAsk);
      const looking = watch.presence({ ...SERVERS, proxyRemoting: PROXY });
      expect(await see(watch, looking)).toMatchObject({ tags: new Set(['gray']), isComplete: true, about });
      expect((await watch.after(looking.standIns('group1_blue', TOPICS), 4_000))?.size).toBe(1);
      // A proxy that was restarted knows nobody at first.
      watch.restart(watch.world.proxy, 1_000);
      watch.world.proxy.members.clear();
      await watch.world.pass(10_000);
      expect((await see(watch, looking)).tags).toEqual(new Set(['gray']));
      await watch.world.pass(30_000);
      expect((await see(watch, looking)).tags).toEqual(new Set());
    });

    it.each([true, false])(
      'without a proxy absence is not known; the account may ask for proxies: %s',
      async mayAsk => {
        const watch = clustered(mayAsk);
        watch.world.brokers[0].members.set('group1_blue', connected('10.0.0.3@9'));
        const seen = await see(watch, watch.looking);
        // Who is seen is there all the same.
        expect(seen).toMatchObject({ tags: new Set(['blue']), isComplete: false, about: new Set() });
        expect(seen.problem).toContain('GRAY_MQ_PROXY_REMOTING');
        expect(await watch.after(watch.looking.standIns('group1_gray', TOPICS))).toBeUndefined();
      },
    );

    it('is asked by all consumers of a process that share what is announced', async () => {
      const watch = clustered();
      const process = new SimulatedProcess(watch.world.network);
      const first = sharedPresence(SERVERS, process);
      expect(await see(watch, first)).toMatchObject({ isComplete: false });
      sharedPresence({ ...SERVERS, proxyRemoting: PROXY }, process);
      await watch.world.pass(1_000);
      expect(await see(watch, first)).toMatchObject({ isComplete: true });
    });
  });

  it('asks a proxy where no broker answers', async () => {
    const watch = new Watch();
    const process = new SimulatedProcess(watch.world.network);
    watch.world.consumer({ process, role: 'canary', group: 'group1_gray', filter: () => () => true, sighted() {} });
    const looking = watch.presence({ proxyRemoting: PROXY });
    const seen = await watch.after(looking.canaries('group1', TOPICS, ['gray', 'blue']));
    expect(seen).toMatchObject({ tags: new Set(['gray']), isComplete: true, about: new Set(['gray', 'blue']) });
    expect((await watch.after(looking.standIns('group1_gray', TOPICS)))?.size).toBe(0);
    const announced = await watch.after(looking.announceCanary('group1', 'gray', TOPICS));
    expect(announced.refusal).toBeUndefined();
    watch.takeDown(watch.world.proxy);
    await watch.world.pass(1_000);
    expect(await watch.after(looking.canaries('group1', TOPICS, ['gray']))).toMatchObject({ isComplete: false });
  });

  it('knows what it knew from brokers while the proxy does not answer either', async () => {
    const watch = new Watch();
    await watch.after(watch.presence().announceCanary('group1', 'gray', TOPICS));
    const looking = watch.presence({ ...SERVERS, proxyRemoting: PROXY });
    expect(await watch.canaries(['gray'], looking)).toEqual(['gray']);
    for (const server of [...watch.world.brokers, watch.world.proxy]) watch.takeDown(server);
    await watch.world.pass(1_000);
    expect(await watch.canaries(['gray'], looking)).toEqual(['gray']);
  });

  it('is one for all consumers of a process, and ends with the last', async () => {
    const watch = new Watch();
    const process = new SimulatedProcess(watch.world.network);
    const [first, second] = [sharedPresence(SERVERS, process), sharedPresence(SERVERS, process)];
    await watch.after(first.announceCanary('group1', 'gray', TOPICS));
    first.close();
    first.close();
    await watch.world.pass(1_000);
    expect(await watch.canaries()).toEqual(['gray']);
    second.close();
    await watch.world.pass(1_000);
    expect(await watch.canaries()).toEqual([]);
    // Nothing is left that would announce anything again.
    await watch.world.pass(120_000);
    expect(await watch.canaries()).toEqual([]);
  });
});
