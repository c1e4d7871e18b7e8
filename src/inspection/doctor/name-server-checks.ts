import { isKnown, valueIn } from '../cluster/answer';
import type { Check } from './check';
import type { DoctorPicture } from './doctor-picture';

export function nameServerChecks({ nameServers, question }: DoctorPicture): Check[] {
  const all = new Set(nameServers.flatMap(({ brokers }) => (valueIn(brokers) ?? []).map(({ name }) => name)));
  return nameServers.map(({ address, brokers }) => {
    const check = { check: 'name server', subject: address };
    if (!isKnown(brokers)) {
      return {
        ...check,
        verdict: 'fail',
        finding: brokers.problem,
        remedies: [
          `see that a name server listens at ${address} and can be reached from here, or correct the list: GRAY_MQ_NAMESRV='${question.namesrv ?? ''}'`,
        ],
      };
    }
    const names = brokers.value.map(({ name }) => name);
    const missing = [...all].filter(name => !names.includes(name));
    if (names.length === 0) {
      const remedies = [`start a broker with namesrvAddr=${question.namesrv ?? address}`];
      return { ...check, verdict: 'fail', finding: 'knows no broker', remedies };
    }
    if (missing.length === 0) return { ...check, verdict: 'ok', finding: `lists ${names.join(', ')}` };
    const remedies = [`in the broker's configuration: namesrvAddr=${question.namesrv ?? ''}`];
    return { ...check, verdict: 'warn', finding: `does not list ${missing.join(', ')}, as others do`, remedies };
  });
}
