/** Who is connected in a consumer group, as brokers and proxies answer it (ConsumerConnection.java). */
import type { FilterExpression } from '../plan/filter-expression';
import type { RemotingResponse } from '../remoting/connection';
import { bodyOf } from './servers';

export interface ConnectedConsumers {
  readonly members: readonly {
    readonly clientId: string;
    /** `host:port`, where it is connected from. */
    readonly address: string;
    readonly language: string;
  }[];
  /** By topic: the filter that the broker has for the group, of whichever member said it last. */
  readonly filters: Readonly<Record<string, FilterExpression>>;
  readonly messageModel: string | undefined;
}

interface ConsumerConnection {
  readonly connectionSet?: readonly { clientId: string; clientAddr: string; language: string }[];
  readonly subscriptionTable?: Readonly<Record<string, { subString: string; expressionType?: string }>>;
  readonly messageModel?: string;
}

export function connectedConsumers(response: RemotingResponse): ConnectedConsumers {
  const { connectionSet = [], subscriptionTable = {}, messageModel } = bodyOf<ConsumerConnection>(response);
  const filters = Object.entries(subscriptionTable).map(([topic, { subString, expressionType }]) => {
    const type = expressionType === 'SQL92' ? ('SQL92' as const) : ('TAG' as const);
    return [topic, { type, expression: subString }] as const;
  });
  return {
    members: connectionSet.map(({ clientId, clientAddr, language }) => ({ clientId, address: clientAddr, language })),
    filters: Object.fromEntries(filters),
    messageModel,
  };
}
