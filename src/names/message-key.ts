/**
 * Which names may be used for the message property (GRAY_KEY): it stands in SQL92 filters, beside RocketMQ's own
 * properties, and beside Dubbo's own attachments and parameters; it is a header where other agents read it there. Sources:
 * the tokens of `org.apache.rocketmq.filter.parser.SelectorParserConstants` and the constants of
 * `org.apache.rocketmq.common.message.MessageConst`, both 5.5.0.
 */

import { MSE_NAME } from './mse-tag';

export const MESSAGE_KEY_GRAMMAR =
  "an SQL92 identifier of up to 64 letters, digits and underscores, no SQL92 keyword, none of RocketMQ's, Dubbo's and HTTP's own names, such as baggage";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Compared in upper case: the filter grammar ignores the case of keywords. */
const KEYWORDS = new Set(
  'NOT AND OR BETWEEN IN TRUE FALSE NULL IS CONTAINS STARTSWITH ENDSWITH LIKE ESCAPE'.split(' '),
);

const ROCKETMQ_PROPERTIES = new Set(
  `KEYS TAGS WAIT DELAY RETRY_TOPIC ORIGIN_GROUP REAL_TOPIC REAL_QID TRAN_MSG PGROUP MIN_OFFSET MAX_OFFSET BUYER_ID
  ORIGIN_MESSAGE_ID TRANSFER_FLAG CORRECTION_FLAG MQ2_FLAG RECONSUME_TIME MSG_REGION TRACE_ON UNIQ_KEY TRANS_OFFSET
  EXTEND_UNIQ_INFO MAX_RECONSUME_TIMES CONSUME_START_TIME _SYS_MSG_PRIORITY_ INNER_NUM INNER_BASE DUP_INFO
  CHECK_IMMUNITY_TIME_IN_SECONDS TRAN_PREPARED_QUEUE_OFFSET __transactionId__ TRANSACTION_CHECK_TIMES INSTANCE_ID
  CORRELATION_ID REPLY_TO_CLIENT TTL ARRIVE_TIME PUSH_REPLY_TIME CLUSTER MSG_TYPE POP_CK POP_CK_OFFSET __SHARDINGKEY
  __LITE_TOPIC PROPERTY_FORWARD_QUEUE_ID REDIRECT INNER_MULTI_DISPATCH INNER_MULTI_QUEUE_OFFSET TRACE_CONTEXT
  TIMER_DELAY_SEC TIMER_DELIVER_MS __BORNHOST BORN_TIMESTAMP K U T E_T R F TIMER_ENQUEUE_MS TIMER_DEQUEUE_MS
  TIMER_ROLL_TIMES TIMER_OUT_MS TIMER_DEL_UNIQKEY TIMER_ROLL_LABEL TIMER_DELAY_LEVEL TIMER_DELAY_MS DLQ_ORIGIN_TOPIC
  DLQ_ORIGIN_MESSAGE_ID`.split(/\s+/),
);

/** What Dubbo itself sends with a call or registers (`org.apache.dubbo.common.constants`), where it is an identifier. */
const DUBBO_NAMES = new Set(
  `path interface version group timeout dubbo side application methods method pid timestamp revision release token async
  generic serialization category protocol anyhost deprecated dynamic bean input output input_stream`.split(/\s+/),
);

/** Headers of HTTP that are identifiers (the registry of IANA), and those of tracing beside which the tag travels. */
const HTTP_NAMES = new Set(
  `baggage traceparent tracestate b3 accept age allow authorization connection cookie date etag expect expires
  forwarded from host link location origin pragma priority range referer server te trailer upgrade vary via warning`.split(
    /\s+/,
  ),
);

export function isMessageKey(text: string): boolean {
  // Another member of the same header, with values of its own form.
  if (text === MSE_NAME) return false;
  return (
    IDENTIFIER.test(text) &&
    !KEYWORDS.has(text.toUpperCase()) &&
    !ROCKETMQ_PROPERTIES.has(text) &&
    !DUBBO_NAMES.has(text) &&
    !HTTP_NAMES.has(text.toLowerCase())
  );
}
