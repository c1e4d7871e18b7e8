/** Codes of the remoting protocol, under the names that RocketMQ has for them, and words that mean as much. */

// RequestCode.java
export const UPDATE_AND_CREATE_TOPIC = 17;
export const UPDATE_BROKER_CONFIG = 25;
export const PULL_MESSAGE = 11;
export const QUERY_MESSAGE = 12;
export const QUERY_CONSUMER_OFFSET = 14;
export const UPDATE_CONSUMER_OFFSET = 15;
export const SEARCH_OFFSET_BY_TIMESTAMP = 29;
export const GET_MAX_OFFSET = 30;
export const VIEW_MESSAGE_BY_ID = 33;
export const HEART_BEAT = 34;
export const UNREGISTER_CLIENT = 35;
export const GET_ALL_CONSUMER_OFFSET = 43;
export const CHECK_CLIENT_CONFIG = 46;
export const PUT_KV_CONFIG = 100;
export const DELETE_KV_CONFIG = 102;
export const GET_ROUTEINFO_BY_TOPIC = 105;
export const GET_BROKER_CLUSTER_INFO = 106;
export const UPDATE_AND_CREATE_SUBSCRIPTIONGROUP = 200;
export const GET_ALL_SUBSCRIPTIONGROUP_CONFIG = 201;
export const GET_TOPIC_STATS_INFO = 202;
export const GET_CONSUMER_CONNECTION_LIST = 203;
export const GET_PRODUCER_CONNECTION_LIST = 204;
export const DELETE_SUBSCRIPTIONGROUP = 207;
export const GET_CONSUME_STATS = 208;
export const DELETE_TOPIC_IN_BROKER = 215;
export const DELETE_TOPIC_IN_NAMESRV = 216;
export const GET_KVLIST_BY_NAMESPACE = 219;
export const QUERY_TOPIC_CONSUME_BY_WHO = 300;
export const VIEW_BROKER_STATS_DATA = 315;
export const GET_ALL_PRODUCER_INFO = 328;

// ResponseCode.java
export const SUCCESS = 0;
export const SYSTEM_ERROR = 1;
export const REQUEST_CODE_NOT_SUPPORTED = 3;
export const SUBSCRIPTION_PARSE_FAILED = 23;
export const NO_PERMISSION = 16;
export const TOPIC_NOT_EXIST = 17;
export const PULL_NOT_FOUND = 19;
export const PULL_RETRY_IMMEDIATELY = 20;
export const PULL_OFFSET_MOVED = 21;
export const QUERY_NOT_FOUND = 22;
export const CONSUMER_NOT_ONLINE = 206;

/** What brokers with enablePropertyFilter=false say (PullMessageProcessor and ClientManageProcessor, 4.5 to 5.5). */
export const SQL92_DISABLED = /does not support consumer to filter message by/;

/** What brokers say of a producer group that nobody is in (AdminBrokerProcessor.getProducerConnectionList, 4.5 to 5.5). */
export const NO_PRODUCER = /^the producer group\[.*\] not exist/s;
