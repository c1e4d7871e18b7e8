const http = require('node:http');
const net = require('node:net');
const { activeTag } = require('rocketmq-gray');
const inbound = require('./inbound.cjs');

const instanceTag = process.env.GRAY_TAG;
inbound({
  createServer: () => http.createServer(),
  connect: port => net.connect(port, '127.0.0.1'),
  activeTag,
  expectedOutbound: tag => ((tag ?? instanceTag) ? [`gray_tag=${tag ?? instanceTag}`] : []),
}).then(result => console.log(JSON.stringify(result)));
