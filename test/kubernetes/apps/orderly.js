// The application of the documentation, with an orderly end: what it consumes is finished, and its group is left, before it ends.
const { PushConsumer } = require('rocketmq-client-nodejs');

const consumers = [];
const startup = PushConsumer.prototype.startup;
PushConsumer.prototype.startup = function (...args) {
  consumers.push(this);
  return startup.apply(this, args);
};
process.once('SIGTERM', async () => {
  await Promise.all(consumers.map(consumer => consumer.shutdown()));
  process.exit(0);
});
require('./app.js');
