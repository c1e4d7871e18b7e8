/** Whether brokers take a filter. */
import type { FilterExpression } from '../plan/filter-expression';
import {
  CHECK_CLIENT_CONFIG,
  SQL92_DISABLED,
  SUBSCRIPTION_PARSE_FAILED,
  SUCCESS,
  SYSTEM_ERROR,
} from '../remoting/codes';
import type { Broker } from './broker';
import { firstLine, refusal } from './refusal';
import type { Servers } from './servers';

/** Why a broker does not take a filter: SQL92 is switched off (enablePropertyFilter=false), or it does not parse. */
export interface FilterProblem {
  readonly kind: 'disabled' | 'malformed';
  /** The broker's own. */
  readonly words: string;
}

export interface FilterCheck {
  /** What a broker says against a filter; undefined when it takes it. */
  filterProblem(
    broker: Broker,
    group: string,
    topic: string,
    filter: FilterExpression,
  ): Promise<FilterProblem | undefined>;
}

export function filterCheck({ askBroker }: Servers): FilterCheck {
  return {
    async filterProblem(broker, group, topic, { type, expression }) {
      const subscriptionData = { topic, subString: expression, expressionType: type };
      const body = Buffer.from(JSON.stringify({ clientId: 'rocketmq-gray', group, subscriptionData }));
      const options = { body, allowed: [SYSTEM_ERROR, SUBSCRIPTION_PARSE_FAILED] };
      const response = await askBroker(broker, CHECK_CLIENT_CONFIG, {}, options);
      const { code, remark } = response;
      if (code === SUBSCRIPTION_PARSE_FAILED) return { kind: 'malformed', words: firstLine(remark) };
      if (code === SUCCESS) return undefined;
      if (SQL92_DISABLED.test(remark)) return { kind: 'disabled', words: firstLine(remark) };
      throw refusal(broker.address ?? broker.name, CHECK_CLIENT_CONFIG, response);
    },
  };
}
