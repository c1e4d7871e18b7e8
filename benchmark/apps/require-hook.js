// The least that any agent which patches libraries as they are loaded has to do: a hook that finds nothing to patch.
const { Hook } = require('require-in-the-middle');

new Hook(['a-package-that-is-not-there'], { internals: true }, exports => exports);
