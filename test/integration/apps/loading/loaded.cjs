// Which modules are there before the application loads any.
console.log(
  JSON.stringify({
    builtins: process.moduleLoadList.map(name => name.replace('NativeModule ', '')),
    packages: Object.keys(require.cache).map(file => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'app'),
  }),
);
