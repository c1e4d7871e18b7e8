/** What a consumer says to brokers by the remoting protocol: in which groups it is. */
import { HEART_BEAT } from '../../rocketmq/remoting/codes';
import { frameDecoder, isResponse, type RemotingFrame } from '../../rocketmq/remoting/frame';

/** RequestCode.java: commands of a consumer, which name its group in `consumerGroup`. */
const PULL_MESSAGE = 11;
const GET_CONSUMER_LIST_BY_GROUP = 38;
const LITE_PULL_MESSAGE = 361;
const POP_MESSAGE = 200_050;
const OF_CONSUMERS: ReadonlySet<number> = new Set([
  PULL_MESSAGE,
  GET_CONSUMER_LIST_BY_GROUP,
  LITE_PULL_MESSAGE,
  POP_MESSAGE,
]);

/**
 * A reader of what one connection writes: the groups of consumers that the commands in each piece name. Undefined where
 * the bytes are no commands: nothing is read of that connection any more.
 */
export function consumerGroups(): (chunk: Buffer) => readonly string[] | undefined {
  const decode = frameDecoder();
  let isReadable = true;
  return chunk => {
    if (!isReadable) return undefined;
    try {
      return decode(chunk).flatMap(groupsOf);
    } catch {
      isReadable = false;
      return undefined;
    }
  };
}

function groupsOf(frame: RemotingFrame): readonly string[] {
  if (isResponse(frame)) return [];
  if (frame.code === HEART_BEAT) return heartbeatGroups(frame.body);
  const { consumerGroup } = frame.extFields;
  return OF_CONSUMERS.has(frame.code) && consumerGroup ? [consumerGroup] : [];
}

/** HeartbeatData.java: `{ consumerDataSet: [{ groupName }] }`. */
function heartbeatGroups(body: Buffer): readonly string[] {
  const data = JSON.parse(body.toString()) as { consumerDataSet?: readonly { groupName?: unknown }[] } | null;
  const consumers = Array.isArray(data?.consumerDataSet) ? data.consumerDataSet : [];
  return consumers.flatMap(({ groupName }) => (typeof groupName === 'string' ? [groupName] : []));
}
