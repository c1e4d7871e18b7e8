/** What proxies say: beside brokers, and where nobody else can be asked. */
import { isKnown } from '../cluster/answer';
import { areApart, unseenByBrokers } from '../cluster/proxies';
import { type Check, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';
import { memberChecks } from './member-checks';
import { topicChecks } from './topic-checks';

const NAME_IT =
  "name the proxies' remoting endpoints (remotingListenPort in rmq-proxy.json, 8080 by default): --proxy-remoting 'host:port;host:port', or GRAY_MQ_PROXY_REMOTING";

/** Of a cluster with proxies in CLUSTER mode: whether they say who is connected to them. */
export function proxyChecks(picture: DoctorPicture): Check[] {
  const { proxies, canaryGroup } = picture;
  if (proxies === undefined || !areApart(proxies)) return [];
  const check = { check: 'proxy', subject: proxies.asked.map(({ address }) => address).join(', ') };
  const unseen = unseenByBrokers(proxies, canaryGroup);
  if (unseen !== undefined) return [{ ...notKnown(check, unseen), remedies: [NAME_IT] }];
  return [{ ...check, verdict: 'ok', finding: 'tells who is connected; brokers do not know it' }];
}

export function checksByProxy(picture: DoctorPicture, proxy: NonNullable<DoctorPicture['proxy']>): Check[] {
  const { question, canaryGroup } = picture;
  const check = { check: 'proxy', subject: proxy.address };
  if (!isKnown(proxy.release)) {
    const remedies = [
      `see that the proxy's remoting port (remotingListenPort in rmq-proxy.json, 8080 by default) can be reached at ${proxy.address}, or name it: GRAY_MQ_PROXY_REMOTING=host:port`,
      'or give the name servers: --namesrv host:port',
    ];
    return [{ ...check, verdict: 'fail', finding: proxy.release.problem, remedies }];
  }
  const unasked = ['filter', 'group', 'canary group', 'create groups', 'offsets', 'agents', 'marker'];
  return [
    { ...check, verdict: 'ok', finding: 'answers' },
    ...topicChecks(picture),
    ...memberChecks(picture),
    ...unasked.map(name => ({
      check: name,
      subject: name === 'canary group' || name === 'marker' ? canaryGroup : question.group,
      verdict: 'unknown' as const,
      finding: 'a proxy does not say: give the name servers (--namesrv)',
    })),
  ];
}
