/** Of a group on the brokers of a cluster; `partly`: only on some of them. */
export type GroupState = 'exists' | 'missing' | 'partly' | 'paused';
