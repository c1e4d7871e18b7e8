import { isKnown } from '../cluster/answer';
import { isSupportedRelease } from '../cluster/broker-version';
import type { Check } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

export function brokerChecks({ brokers }: DoctorPicture): Check[] {
  return brokers.map(brokerCheck);
}

function brokerCheck({ broker, release }: BrokerPicture): Check {
  const { name, address } = broker;
  const check = { check: 'broker', subject: name };
  if (!isKnown(release)) {
    const remedies =
      address === undefined
        ? [`start the master of ${name}`]
        : [
            `see that ${name} runs and that ${address} can be reached from here and from the services: it is what name servers give to clients (brokerIP1 and listenPort in the broker's configuration)`,
          ];
    return { ...check, verdict: 'fail', finding: release.problem, remedies };
  }
  if (release.value === undefined) return { ...check, verdict: 'warn', finding: `${address}, of an unknown release` };
  const finding = `RocketMQ ${release.value} at ${address}`;
  return isSupportedRelease(release.value)
    ? { ...check, verdict: 'ok', finding }
    : { ...check, verdict: 'fail', finding, remedies: ['RocketMQ 4.5 or later is needed'] };
}
