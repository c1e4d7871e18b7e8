/** A process that asks Nacos once: a source comes on standard input, the answer goes to standard output. */
import { type NacosSource, nacosClient } from './nacos';

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', chunk => {
  input += chunk;
});
process.stdin.on('end', () => {
  // Sockets keep nobody alive.
  const alive = setInterval(() => {}, 1000);
  const print = (answer: object) => {
    clearInterval(alive);
    process.stdout.write(JSON.stringify(answer));
  };
  nacosClient(JSON.parse(input) as NacosSource, 2_000)().then(print, error =>
    print({ problem: error instanceof Error ? error.message : String(error) }),
  );
});
