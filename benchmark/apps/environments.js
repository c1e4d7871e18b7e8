// A consumer that is there all the time: how many messages it handles within `ms`, how old each was, and what its process
// asks of the servers: polls of gRPC clients, and connections.
const http2 = require('node:http2');
const { serve, usage } = require('./measured');

const POLL = '/apache.rocketmq.v2.MessagingService/ReceiveMessage';
let polls = 0;
const { connect } = http2;
http2.connect = function (...args) {
  const session = connect.apply(this, args);
  const { request } = session;
  session.request = function (headers, ...others) {
    if (headers?.[':path'] === POLL) polls++;
    return request.call(this, headers, ...others);
  };
  return session;
};
const { startPushConsumer } = require(`./clients/${process.env.CLIENT}/service.js`);

async function main() {
  let handled = [];
  const handler = async ({ body }) => {
    handled.push(Date.now() - Number(body));
  };
  await startPushConsumer({ topic: process.env.TOPIC, group: process.env.GROUP, handler });
  serve({}, async ({ ms }) => {
    handled = [];
    const began = { ...usage(), polls };
    await new Promise(resolve => setTimeout(resolve, ms));
    const ended = usage();
    return {
      ages: handled,
      ms: ended.at - began.at,
      cpuMs: ended.cpuMs - began.cpuMs,
      polls: polls - began.polls,
      connections: process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length,
    };
  });
}

main();
