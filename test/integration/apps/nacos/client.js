// What the applications here share: their settings, and a ready client of the Nacos that those name.
const { NacosNamingClient } = require('nacos');

const quiet = { debug() {}, info() {}, warn: console.warn, error: console.error };

exports.settings = JSON.parse(process.env.APP);

exports.connect = async (namespace = 'public') => {
  const client = new NacosNamingClient({ logger: quiet, serverList: exports.settings.address, namespace });
  await client.ready();
  return client;
};
