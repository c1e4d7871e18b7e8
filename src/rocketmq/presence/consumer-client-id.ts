/** How our consumers are recognised among the members of a canary's group: the client id of a stand-in ends so. */
export const STAND_IN_SUFFIX = '@gray-stand-in';
/** And that of a canary, where brokers keep a client that crashed in their lists for two minutes (gRPC). */
export const CANARY_SUFFIX = '@gray-canary';

export const isStandInId = (clientId: string): boolean => clientId.endsWith(STAND_IN_SUFFIX);
export const isCanaryId = (clientId: string): boolean => clientId.endsWith(CANARY_SUFFIX);
