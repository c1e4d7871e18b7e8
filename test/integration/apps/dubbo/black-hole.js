// An address that takes no more connections and refuses none: its queue is full and the process stands still.
const net = require('node:net');

const server = net
  .createServer(() => {})
  .listen({ port: 0, backlog: 1 }, async () => {
    const { port } = server.address();
    const { pid } = process;
    const fill = `for (let i = 0; i < 3; i++) require('node:net').connect(${port});
    setTimeout(() => console.log(JSON.stringify({ ready: ${port} })), 300);`;
    require('node:child_process').spawn(process.execPath, ['-e', fill], { stdio: 'inherit', env: {} });
    process.kill(pid, 'SIGSTOP');
  });
