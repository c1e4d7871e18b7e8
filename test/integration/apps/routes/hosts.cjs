// A hosts table of its own, by HOSTS: `{ "name": "address" }`. A name that is `broken` has a resolver that fails, one that is
// `slow` has none that answers soon. Notes what is looked up.
const dns = require('node:dns');
const { promisify } = require('node:util');

const hosts = JSON.parse(process.env.HOSTS);
const asked = [];

function wrap(lookup) {
  return function (name, options, callback = options) {
    const address = hosts[name];
    if (/^[\d.]+$/.test(name)) return lookup.call(this, name, options, callback);
    asked.push(name);
    const answer = () => {
      if (address === undefined || address === 'slow')
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
      else if (address === 'broken') callback(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));
      else if (options.all) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    };
    if (address === 'slow') setTimeout(answer, 300);
    else setImmediate(answer);
  };
}
dns.lookup = wrap(dns.lookup);
// Of @grpc/grpc-js since 1.12, which asks for all addresses.
dns.promises.lookup = promisify(dns.lookup);
module.exports = { asked };
