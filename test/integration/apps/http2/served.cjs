// A server that nobody in this process calls: a process without the agent does, over one connection. Prints the tags within.
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const http2 = require('node:http2');
const { join } = require('node:path');
const { activeTag } = require('rocketmq-gray');

const isSecure = process.argv[2] === 'secure';
const file = name => readFileSync(join(__dirname, name));
const tags = [];
const answer = (_request, response) => {
  tags.push(activeTag() ?? null);
  response.end();
};
const server = isSecure
  ? http2.createSecureServer({ cert: file('cert.pem'), key: file('key.pem') }, answer)
  : http2.createServer(answer);

const CALLER = `
const session = require('node:http2').connect(process.argv[1]);
const calls = [{}, { baggage: 'gray_tag=gray' }, {}];
const next = () => {
  const headers = calls.shift();
  if (headers) session.request(headers).on('close', next).resume().end();
  else session.close();
};
next();
`;

server.listen(0, '127.0.0.1', () => {
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  spawn(process.execPath, ['-e', CALLER, url], { stdio: ['ignore', 'inherit', 'inherit'] }).on('exit', () => {
    console.log(JSON.stringify(tags));
    server.close();
  });
});
