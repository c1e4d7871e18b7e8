// Consumers made in less usual ways; prints the group that each joins. Nothing is started.
const { LitePushConsumerImpl, PushConsumer, SimpleConsumer } = require('rocketmq-client-nodejs');

const { endpoints } = JSON.parse(process.env.APP);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const subscriptions = new Map([['T', '*']]);
const messageListener = { async consume() {} };
const options = { endpoints, consumerGroup: 'group1', subscriptions, logger, messageListener };

class Options {
  get consumerGroup() {
    return 'group1';
  }
}
class Own extends PushConsumer {
  constructor(given) {
    super({ ...given });
  }
}
const refusal = make => {
  try {
    make();
  } catch (error) {
    return error.message;
  }
};

const lite = () => new LitePushConsumerImpl({ ...options, bindTopic: 'T' });
const own = new Own(options);
const simple = new SimpleConsumer({ ...options, messageListener: undefined });
console.log(
  JSON.stringify({
    push: new PushConsumer(options).getConsumerGroup(),
    pull: simple.getConsumerGroup(),
    ofClass: new PushConsumer(
      Object.assign(new Options(), { endpoints, subscriptions, logger, messageListener }),
    ).getConsumerGroup(),
    own: own.getConsumerGroup(),
    ownIs: [own instanceof Own, own instanceof PushConsumer, own.constructor === Own],
    is: [
      simple instanceof SimpleConsumer,
      simple.constructor === SimpleConsumer,
      SimpleConsumer.name,
      SimpleConsumer.length,
    ],
    lite: [lite().getConsumerGroup(), lite().getConsumerGroup()],
    refusals: [refusal(() => new PushConsumer()), refusal(() => new PushConsumer({ consumerGroup: 'g' }))],
    untouched: [...subscriptions].join(),
  }),
);
process.exit();
