/** Consumers that run no agent, or another one, or in another mode. Pure. */
import { isCanaryId } from '../../rocketmq/presence/consumer-client-id';
import { plural } from '../cluster/amounts';
import { isKnown } from '../cluster/answer';
import type { Member } from '../cluster/group-members';
import { withoutAnnouncement } from './announced-members';
import type { Problem } from './check';
import type { CanaryFacts, FamilyFacts } from './facts';
import { takesOnlyTag } from './filter-for-tag';
import { announcedAs, baselineStrangers, isTakenByFilter } from './taking';

export function agentProblems(family: FamilyFacts): Problem[] {
  return [
    ...strangersInBaseline(family),
    ...family.canaries.flatMap(canary => strangersInCanary(family, canary)),
    ...severalVersions(family),
  ];
}

/** A canary that nobody has met yet: what the baseline takes of it, it takes of any. */
const ANY_TAG = 'any';

function strangersInBaseline(family: FamilyFacts): Problem[] {
  const { baseline, canaries, assumed, topics } = family;
  const strangers = baselineStrangers(family) ?? [];
  if (strangers.length === 0) return [];
  const isAlone = strangers.length === baseline.members.length;
  const tags = canaries.length === 0 ? [ANY_TAG] : canaries.map(({ tag }) => tag);
  const looked = topics ?? [...baseline.filters.keys()];
  const taken = tags.map(tag => isTakenByFilter(family, tag, looked));
  // All of them are in mode `none`: then each leaves it out.
  if (isAlone && taken.every(isTaken => isTaken === false)) return [];
  // Those of the whole fleet: the command line was told so.
  if (isAlone && assumed.baselineMode === 'all') return [];
  if (isAlone && assumed.baselineMode === 'none' && !taken.includes(true)) return [];
  const many = strangers.length !== 1;
  const who = isAlone
    ? `${plural(strangers.length, 'consumer')} of ${baseline.group} ${many ? 'do' : 'does'}`
    : `${strangers.length} of ${plural(baseline.members.length, 'consumer')} of ${baseline.group} ${many ? 'do' : 'does'}`;
  const takes = taken.includes(true) ? `${many ? 'take' : 'takes'}` : 'may take';
  return [
    {
      check: 'agents',
      subject: `of ${baseline.group}`,
      group: baseline.group,
      verdict: 'fail',
      finding: `${who} not announce ${many ? 'themselves' : 'itself'} (no agent, or another mode than auto), and ${takes} messages of canaries as well: ${names(strangers)}`,
      details: strangers.map(describe),
      remedies: [
        "start them with the agent, and see that they print its lines at start: --require rocketmq-gray/register, GRAY_MQ_NAMESRV, and the GRAY_MQ_BASELINE of the others (auto); modes 'all' and 'none' do not announce themselves",
        'one that has just crashed is listed by brokers for up to two minutes: then look again',
      ],
    },
  ];
}

/** Who is in a canary's group: with the condition of its tag he may be a canary of another agent, without it he takes all. */
function strangersInCanary({ announced, assumed }: FamilyFacts, canary: CanaryFacts): Problem[] {
  const { group, tag, members, filters } = canary;
  const { key } = assumed;
  const others = members.filter(({ isStandIn }) => !isStandIn);
  const all = [...filters.values()].flat();
  const isConditioned = all.every(filter => takesOnlyTag(filter, key, tag));
  // Of whom it is not known whether he has the agent, the filter says enough where it has the condition.
  if (!isKnown(announced) && isConditioned) return [];
  const strangers = isKnown(announced) ? withoutAnnouncement(others, announcedAs(announced, 'canary', canary)) : others;
  if (strangers.length === 0 || all.length === 0) return [];
  if (!isConditioned && assumed.isFilteredInClient) return [];
  const found = { subject: group, group, details: strangers.map(describe) };
  if (isConditioned) {
    // Those of other agents the baseline knows by their filter.
    const ours = strangers.filter(({ clientId }) => isCanaryId(clientId));
    if (ours.length === 0 || assumed.baselineMode !== 'auto') return [];
    return [
      {
        ...found,
        check: 'agents',
        verdict: 'warn',
        finding: `${plural(ours.length, 'consumer')} of this agent that ${ours.length === 1 ? 'does' : 'do'} not announce that ${tag} is there: crashed, or of another mode than auto: ${names(ours)}`,
        remedies: [
          'look again in two minutes: so long brokers list clients that crashed',
          'GRAY_MQ_BASELINE=auto and GRAY_MQ_NAMESRV for canaries, too',
        ],
      },
    ];
  }
  const filter = [...new Set(all.map(({ expression }) => expression))].join(' | ');
  return [
    {
      ...found,
      check: 'online',
      verdict: isKnown(announced) ? 'fail' : 'warn',
      finding: `${plural(strangers.length, 'consumer')}, subscribed with ${filter}: without the canary's condition, ${key} = '${tag}': ${names(strangers)}`,
      remedies: [
        `whoever is in ${group} needs the agent and GRAY_TAG=${tag} (and GRAY_KEY=${key}), or this condition in its own filter; stop those that have neither`,
      ],
    },
  ];
}

function severalVersions({ announced, baseline }: FamilyFacts): Problem[] {
  if (!isKnown(announced)) return [];
  const versions = [...new Set(announced.value.map(({ announcer }) => announcer.version ?? 'unknown'))].sort();
  if (versions.length < 2) return [];
  const { group } = baseline;
  return [
    {
      check: 'agents',
      subject: `of ${group}`,
      group,
      verdict: 'warn',
      finding: `of several versions: ${versions.join(', ')}`,
      remedies: ['let all processes of a fleet run one version'],
    },
  ];
}

const NAMES_SHOWN = 3;

function names(members: readonly Member[]): string {
  const rest = members.length - NAMES_SHOWN;
  const shown = members.slice(0, rest > 1 ? NAMES_SHOWN : undefined).map(({ clientId }) => clientId);
  return [...shown, ...(rest > 1 ? [`and ${rest} more`] : [])].join('; ');
}

export function describe({ clientId, address }: Member): string {
  return `${clientId}, from ${address}`;
}
