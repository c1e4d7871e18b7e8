/** Finds a message on the brokers of a cluster, and asks about the groups that it is for. Changes nothing. */
import type { TlsMode } from '../../config/settings';
import type { Credentials } from '../../names/credentials';
import { isInstanceTag } from '../../names/tag';
import type { Broker } from '../../rocketmq/administration/broker';
import { brokerAdministration } from '../../rocketmq/administration/broker-administration';
import { isKnown, settling, valueIn } from '../cluster/answer';
import { type ClusterInspection, clusterInspection } from '../cluster/cluster-inspection';
import { askNameServers, listedBrokers, markersByGroup } from '../cluster/name-servers';
import { type LaneQuestions, lanesFor } from './lane-questions';
import type { FoundMessage, MessagePicture, MessageSearch } from './message-picture';
import { placeInId } from './offset-id';

export interface MessageQuestion {
  /** `host:port;host:port` */
  readonly namesrv: string;
  readonly topic: string;
  /** One of its ids, or of its keys. */
  readonly by: { readonly kind: 'id' | 'key'; readonly value: string };
  /** The baseline's groups to look at; none: all that consume the topic. */
  readonly groups: readonly string[];
  /** Name of the message property. */
  readonly key: string;
  readonly credentials?: Credentials | undefined;
  readonly tls?: TlsMode | undefined;
}

/** Asks everything; what is not answered is part of the picture. Never rejects. */
export async function searchMessage({ credentials, tls, ...question }: MessageQuestion): Promise<MessageSearch> {
  const at = Date.now();
  const settle = settling(credentials);
  const inspection = clusterInspection({ credentials, tls });
  const administration = brokerAdministration({ namesrv: question.namesrv, credentials, tls });
  try {
    const nameServers = await askNameServers(question.namesrv, inspection, settle);
    const brokers = listedBrokers(nameServers).filter(({ address }) => address !== undefined);
    const answers = await Promise.all(brokers.map(broker => settle(messagesOn(broker, question, inspection))));
    const found = answers.flatMap(answer => valueIn(answer) ?? []);
    found.sort((one, other) => other.message.storedAt - one.message.storedAt);
    const markers = await settle(markersByGroup(administration));
    const asking: LaneQuestions = { inspection, administration, settle, brokers, markers };
    const pictures = await Promise.all(found.map(one => pictureOf(one, question, asking)));
    const problems = [...nameServers.map(({ brokers: answer }) => answer), ...answers].flatMap(answer =>
      'problem' in answer ? [answer.problem] : [],
    );
    return { at, pictures, problems: [...new Set(problems)], isReached: answers.some(isKnown) };
  } finally {
    inspection.close();
    administration.close();
  }
}

async function messagesOn(
  broker: Broker,
  { topic, by }: Pick<MessageQuestion, 'topic' | 'by'>,
  inspection: ClusterInspection,
): Promise<FoundMessage[]> {
  const { address = '' } = broker;
  const place = by.kind === 'id' ? placeInId(by.value) : undefined;
  const messages = await inspection.messagesBy(address, topic, by.kind, by.value);
  if (messages.length === 0 && place?.address === address) {
    const message = await inspection.messageAt(address, place.offset);
    return message?.topic === topic ? [{ broker, message }] : [];
  }
  return messages.map(message => ({ broker, message }));
}

async function pictureOf(
  found: FoundMessage,
  { groups, key }: Pick<MessageQuestion, 'groups' | 'key'>,
  asking: LaneQuestions,
): Promise<MessagePicture> {
  const property = found.message.properties[key];
  const tag = isInstanceTag(property) ? property : undefined;
  return { found, tag, lanes: await lanesFor(found, tag, groups, asking) };
}
