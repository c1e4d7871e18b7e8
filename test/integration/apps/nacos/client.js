// A ready client of the Nacos that NACOS names.
const { NacosNamingClient } = require('nacos');

const quiet = { debug() {}, info() {}, warn: console.warn, error: console.error };

exports.connect = async () => {
  const client = new NacosNamingClient({ logger: quiet, serverList: process.env.NACOS, namespace: 'public' });
  await client.ready();
  return client;
};
