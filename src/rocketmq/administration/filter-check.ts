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
import { type Servers, VERSION_5 } from './servers';

/**
 * Why a broker does not take a filter: SQL92 is switched off (enablePropertyFilter=false), it does not parse, or the broker is
 * too old for its operators.
 */
export interface FilterProblem {
  readonly kind: 'disabled' | 'malformed' | 'outdated';
  /** The broker's own. */
  readonly words: string;
}

export interface FilterCheck {
  /**
   * What a broker says against a filter; undefined when it takes it.
   *
   * @param needsVersion5 the filter has operators that brokers before 5.0 read over without a word
   */
  filterProblem(
    broker: Broker,
    group: string,
    topic: string,
    filter: FilterExpression,
    needsVersion5?: boolean,
  ): Promise<FilterProblem | undefined>;
}

export function filterCheck({ askBroker }: Servers): FilterCheck {
  return {
    async filterProblem(broker, group, topic, { type, expression }, needsVersion5 = false) {
      const subscriptionData = { topic, subString: expression, expressionType: type };
      const body = Buffer.from(JSON.stringify({ clientId: 'rocketmq-gray', group, subscriptionData }));
      const options = { body, allowed: [SYSTEM_ERROR, SUBSCRIPTION_PARSE_FAILED] };
      const response = await askBroker(broker, CHECK_CLIENT_CONFIG, {}, options);
      const { code, remark, version } = response;
      const isAnswer = code === SUCCESS || code === SUBSCRIPTION_PARSE_FAILED;
      // Whether it refuses operators that it does not know, or reads over them, depends on what is about them.
      if (isAnswer && needsVersion5 && version < VERSION_5) return { kind: 'outdated', words: 'it is older than 5.0' };
      if (code === SUBSCRIPTION_PARSE_FAILED) return { kind: 'malformed', words: firstLine(remark) };
      if (code === SUCCESS) return undefined;
      if (SQL92_DISABLED.test(remark)) return { kind: 'disabled', words: firstLine(remark) };
      throw refusal(broker.address ?? broker.name, CHECK_CLIENT_CONFIG, response);
    },
  };
}
