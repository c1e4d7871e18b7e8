// What is said and done where the agent cannot start at all: a canary ends, a baseline goes on, and so does what we were injected into. Understood by old versions of
// Node.js, and complete by itself: nothing else of the package may be there. The names of variables and keys are those of
// src/config/settings.ts; a test holds them against each other.

const { appendFileSync, readFileSync, writeSync } = require('fs');
const { basename, resolve } = require('path');

// As in src/config/launch.ts: a test holds them against each other.
const TOOLS =
  'npm npx yarn yarnpkg pnpm pnpx corepack pm2 pm2-runtime pm2-docker pm2-dev egg-scripts eggctl rocketmq-gray'.split(
    ' ',
  );
const TOOL_SCRIPT =
  /[\\/](?:node_modules[\\/](?:npm|yarn|pnpm|corepack|pm2)[\\/](?:bin|dist|lib[\\/]Daemon|lib[\\/]cli)|node_modules[\\/](?:egg-scripts|@eggjs[\\/]scripts)[\\/]bin[\\/]|\.yarn[\\/]releases[\\/]yarn-|rocketmq-gray[\\/]dist[\\/]cli\.js)/;

const TAG_VARIABLES = ['GRAY_TAG', 'ALICLOUD_SERVICE_TAG', 'MSE_ALICLOUD_SERVICE_TAG'];

// The codes and words are those of src/lines/start.ts; a test holds them against each other.
const LINES = {
  tooOld: {
    code: 'GRAY-110',
    words: ({ version, oldest }) => `Node.js ${version} is too old, the agent needs ${oldest} or later`,
  },
  notLoaded: { code: 'GRAY-111', words: ({ problem }) => `the agent cannot be loaded: ${problem}` },
};

/**
 * @param {'tooOld' | 'notLoaded'} name of the line
 * @param {any} values
 * @param {string=} injected the directory of a copy that was put beside an application from outside
 */
function sayNotStarted(name, values, injected) {
  // No service runs in npm; what it starts says it.
  if (isTool(process.argv[1])) return;
  // PM2 in cluster mode sets these variables after preloads.
  const manager = parsed(process.env.pm2_env);
  const environment = Object.assign({}, process.env, manager);
  const file = configFile(environment.GRAY_CONFIG, manager.pm_cwd);
  const setting = (variables, key) =>
    variables
      .map(name => environment[name])
      .concat(file[key])
      .map(textOf)
      .find(text => text !== '');

  const enabled = setting(['GRAY_ENABLED'], 'enabled');
  if (enabled === 'false' || enabled === '0') return;
  const tag = setting(TAG_VARIABLES, 'tag');
  const onFailure = setting(['GRAY_ON_FAILURE'], 'onFailure') || (tag && !injected ? 'exit' : 'continue');
  const who = tag ? `this canary of ${tag}` : 'this process of the baseline';
  const what =
    onFailure === 'continue'
      ? 'goes on and is not kept apart'
      : 'cannot be kept apart and ends (GRAY_ON_FAILURE=continue lets it go on)';
  const text = `${LINES[name].words(values)}; ${who} ${what}`.replace(/[\r\n]+\s*/g, ' ');
  const line = `[rocketmq-gray] ${new Date().toISOString()} ${process.pid} ${LINES[name].code} error: ${text}\n`;
  write(line, setting(['GRAY_LOG_TO'], 'logTo') || 'stderr', manager);
  if (onFailure !== 'continue') process.exit(1);
}

function isTool(script) {
  return script !== undefined && (TOOLS.indexOf(basename(script)) >= 0 || TOOL_SCRIPT.test(script));
}

/** A file that cannot be read says nothing here. */
function configFile(path, directory) {
  try {
    return parsed(readFileSync(resolve(textOf(directory), path), 'utf8').replace(/^\uFEFF/, ''));
  } catch (_) {
    return {};
  }
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch (_) {
    return {};
  }
}

function textOf(value) {
  return value === undefined || value === null ? '' : String(value).trim();
}

function write(line, logTo, manager) {
  const files = { stderr: manager.pm_err_log_path, stdout: manager.pm_out_log_path };
  const isStream = logTo === 'stderr' || logTo === 'stdout';
  const file = isStream ? files[logTo] : resolve(textOf(manager.pm_cwd), logTo);
  try {
    if (file) {
      appendFileSync(file, line);
      return;
    }
  } catch (_) {
    // To the descriptor.
  }
  try {
    writeSync(logTo === 'stdout' ? 1 : 2, line);
  } catch (_) {
    // Nowhere to say it.
  }
}

module.exports = { LINES, TAG_VARIABLES, isTool, sayNotStarted };
