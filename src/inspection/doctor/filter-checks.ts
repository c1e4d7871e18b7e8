import { isKnown, valueIn } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { BrokerPicture, DoctorPicture } from './doctor-picture';

export function filterChecks(picture: DoctorPicture): Check[] {
  return picture.brokers.flatMap(broker => checksOf(broker, picture));
}

function checksOf({ broker, filterProblems, release }: BrokerPicture, { filters, question }: DoctorPicture): Check[] {
  const check = { check: 'filter', subject: broker.name };
  if (question.filterSide === 'client') {
    return [{ ...check, verdict: 'ok', finding: 'messages are told apart in the client (GRAY_MQ_FILTER_SIDE=client)' }];
  }
  const { canary, baseline } = filterProblems;
  if (!isKnown(canary)) return [notKnown(check, canary)];
  if (canary.value?.kind === 'disabled') {
    // Agents find out, and tell messages apart in the client, unless they are told to leave it to the broker.
    const isWorking = question.filterSide === 'auto';
    return [
      {
        ...check,
        verdict: isWorking ? 'warn' : 'fail',
        finding: isWorking
          ? `SQL92 filters are switched off: messages are told apart in the clients, and every environment receives those of all (${canary.value.words})`
          : `SQL92 filters are switched off, and GRAY_MQ_FILTER_SIDE=broker leaves it to the broker: consumers get no messages (${canary.value.words})`,
        ...(valueIn(release)?.startsWith('5.') && {
          details: [
            'gRPC clients are filtered for all the same (5.5.0): it is those of the remoting protocol that are not',
          ],
        }),
        remedies: [
          'enablePropertyFilter=true in the configuration of the broker, and restart it',
          `or, without a restart: mqadmin updateBrokerConfig -b ${broker.address} -k enablePropertyFilter -v true`,
          ...(isWorking ? [] : ['or leave it to the clients, which then receive everything: GRAY_MQ_FILTER_SIDE=auto']),
        ],
      },
    ];
  }
  const named = [
    { who: 'canary', problem: canary.value, filter: filters.canary },
    { who: 'baseline', problem: valueIn(baseline), filter: filters.baseline },
  ];
  return named.map(({ who, problem, filter }) =>
    problem === undefined
      ? { ...check, verdict: 'ok', finding: `compiles the filter of the ${who}: ${filter.expression}` }
      : {
          ...check,
          verdict: 'fail',
          finding: `does not take the filter of the ${who}, ${filter.expression}: ${problem.words}`,
          remedies: ['correct what the application subscribes to (--filter, --sql): it is a part of this filter'],
        },
  );
}
