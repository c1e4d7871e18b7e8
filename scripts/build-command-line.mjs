// The command line and its page: a file each, with the libraries that they use and those libraries' licences.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { buildSync } from 'esbuild';

const LICENCES = 'dist/third-party-licenses.txt';

export function buildCommandLine() {
  const script = buildSync({
    entryPoints: ['src/page/page.ts'],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2020',
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync('dist/page.html', pageOf(script.outputFiles[0]?.text ?? ''));

  const { metafile } = buildSync({
    entryPoints: ['src/command-line/cli.ts'],
    outfile: 'dist/cli.js',
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    metafile: true,
    logLevel: 'warning',
  });
  chmodSync('dist/cli.js', 0o755);
  writeFileSync(LICENCES, licencesOf([...Object.keys(metafile.inputs), ...Object.keys(script.metafile.inputs)]));
}

/**
 * The document with its style and script in it.
 *
 * @param {string} script
 */
function pageOf(script) {
  const style = readFileSync('src/page/page.css', 'utf8');
  // The end of an element within a string would end the element.
  const inlined = script.trim().replaceAll('</script', '<\\/script');
  return readFileSync('src/page/page.html', 'utf8')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${inlined}</script>`);
}

/**
 * The licences of the packages that files come from.
 *
 * @param {readonly string[]} files
 */
function licencesOf(files) {
  const packages = new Set(files.flatMap(file => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...packages].sort().map(directory => {
    const { name, version, license } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
    const file = readdirSync(directory).find(entry => /^licen[cs]e/i.test(entry));
    if (file === undefined || !existsSync(`${directory}/${file}`)) throw new Error(`${name} has no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(`${directory}/${file}`, 'utf8').trim()}\n`;
  });
  return `dist/cli.js and dist/page.html contain:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
