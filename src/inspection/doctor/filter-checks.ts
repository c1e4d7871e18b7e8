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
    return [
      {
        ...check,
        verdict: 'fail',
        finding: `SQL92 filters are switched off: every environment would receive the messages of all (${canary.value.words})`,
        ...(valueIn(release)?.startsWith('5.') && {
          details: [
            'gRPC clients are filtered for all the same (5.5.0): it is those of the remoting protocol that are not',
          ],
        }),
        remedies: [
          'enablePropertyFilter=true in the configuration of the broker, and restart it',
          `or, without a restart: mqadmin updateBrokerConfig -b ${broker.address} -k enablePropertyFilter -v true`,
          'or leave it to the clients, which then receive everything: GRAY_MQ_FILTER_SIDE=client',
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
