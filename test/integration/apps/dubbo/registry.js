// The registry of the Dubbo applications. By its inner file: the package's main one loads a native ZooKeeper client.
const { Nacos } = require('apache-dubbo-registry/lib/registry-nacos');

module.exports = connect =>
  Nacos({ connect, namespace: 'public', logger: { debug() {}, info() {}, warn() {}, error: console.error } });
