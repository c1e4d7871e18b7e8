// Bundles a file of the application, as people configure it: `node bundles/bundle.cjs <JSON>`. Ends with code 1 and what the
// bundler says when it fails.
const path = require('node:path');

const options = JSON.parse(process.argv[2]);
const {
  bundler,
  entry,
  outfile,
  isMinified = false,
  hasPlugin = true,
  hasOtherFirst = false,
  format = 'cjs',
} = options;

/** What the clients load only if it is there, and what is no JavaScript. */
const OPTIONAL = ['proxy-agent'];
const NATIVE = ['@node-rs/crc32'];

/** A plugin that loads files as well, as those of other agents do. */
const other = {
  name: 'other',
  setup(build) {
    const { readFileSync } = require('node:fs');
    build.onLoad({ filter: /pool\.js$/ }, ({ path: file }) => ({ contents: readFileSync(file, 'utf8'), loader: 'js' }));
  },
};

async function withEsbuild() {
  const { build } = require(bundler);
  const { rocketmqGray } = require('rocketmq-gray/esbuild');
  // CommonJS within an ES module needs a require of its own.
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    minify: isMinified,
    format,
    ...(format === 'esm' && { banner: { js: banner } }),
    external: OPTIONAL,
    loader: { '.node': 'copy' },
    logLevel: 'silent',
    plugins: [...(hasOtherFirst ? [other] : []), ...(hasPlugin ? [rocketmqGray()] : [])],
  });
}

async function withWebpack() {
  const webpack = require('webpack');
  const { RocketmqGrayPlugin } = require('rocketmq-gray/webpack');
  const file = path.resolve(outfile);
  const externals = {};
  for (const name of OPTIONAL) externals[name] = `commonjs ${name}`;
  for (const name of NATIVE) externals[name] = `commonjs ${path.resolve('node_modules', name)}`;
  const stats = await new Promise((resolve, reject) => {
    webpack(
      {
        // Which leaves exports out that nobody uses, and renames others.
        mode: 'production',
        optimization: { minimize: isMinified },
        devtool: false,
        target: 'node',
        entry: path.resolve(entry),
        output: { path: path.dirname(file), filename: path.basename(file), library: { type: 'commonjs2' } },
        externals,
        plugins: hasPlugin ? [new RocketmqGrayPlugin()] : [],
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
}

(bundler === 'webpack' ? withWebpack() : withEsbuild()).catch(error => {
  console.error(error.message);
  process.exit(1);
});
