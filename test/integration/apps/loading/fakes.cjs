// Loads packages that are not what they seem to be, by require and by import, from a directory each. Prints the exports.
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

async function main() {
  const result = {};
  const [name, ...directories] = process.argv.slice(2);
  for (const directory of directories) {
    const load = createRequire(path.join(path.resolve(directory), 'app.js'));
    const required = load(name);
    const imported = (await import(pathToFileURL(load.resolve(name)))).default;
    result[directory] = [typeof required === 'function' ? required() : required, imported === required];
  }
  console.log(JSON.stringify(result));
}
main();
