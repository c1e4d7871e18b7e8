/** On the options of connections that the agent makes for itself: they are not the application's. */
export const OWN_CONNECTION = Symbol.for('rocketmq-gray.own-connection');
