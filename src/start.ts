import { isMainThread } from 'node:worker_threads';
import { type Agent, createAgent } from './agent/agent';
import { runningAgent, setRunningAgent } from './agent/running-agent';
import type { Environment } from './config/environment';
import { isTool, type Launch, readLaunch } from './config/launch';
import type { LiveSettings } from './config/live-settings';
import { type LoadedSettings, type Notice, SettingError } from './config/load';
import { keepForThreads, type ProcessSettings, processSettings } from './config/process-settings';
import { CORE, LIBRARIES } from './instrumentations';
import { startLines } from './lines/start';
import { install } from './loader/install';
import { loadedBefore } from './loader/loaded-before';
import type { Log } from './log';
import { formatLine, lineOutput, type Write } from './log-output';
import { onMeterProvider } from './metrics/meter-provider';
import { VERSION } from './names/version';
import type { ReportSource } from './process-status/process-report';

// For the plugins of bundlers, which are files apart.
export { LIBRARIES } from './instrumentations';

/**
 * Starts the agent in this process or worker thread: reads the settings, installs the hooks. Does nothing where one
 * runs already, in npm and other tools, or with `GRAY_ENABLED=false`. A wrong setting ends the process: one line, exit
 * code 1.
 *
 * @param injected the directory of this copy, where it was put beside an application from outside: one that the application
 * brings along starts in its place
 */
export function start(injected?: string): void {
  if (runningAgent() !== undefined || isTool()) return;
  const launch = readLaunch();
  if (injected !== undefined && startOwnCopy(injected, launch)) return;
  const read = settingsOrExit(launch);
  const { notices } = read.loaded;
  // What is live among them changes in place.
  const [settings, sources] = [{ ...read.loaded.settings }, { ...read.loaded.sources }];
  if (!settings.enabled) return;
  const agent = createAgent(settings, lineOutput(settings.logTo, launch.outputs));
  const { log } = agent;
  setRunningAgent(agent);

  const environment = settings.tag === undefined ? 'baseline' : `tag ${settings.tag}`;
  // Worker threads belong to a process that has said it.
  if (isMainThread) {
    log.say(startLines.started, { environment, version: VERSION });
    if (settings.mqAlso !== undefined && settings.tag !== undefined) log.say(startLines.copies, { tag: settings.tag });
    for (const notice of notices) sayNotice(log, notice);
  }
  const live = followSource(agent, read, sources);
  const libraries = settings.mqEnabled ? LIBRARIES : LIBRARIES.filter(library => !library.isMessaging);
  sayLoadedBefore(agent, libraries);
  const seen = install(CORE, libraries, agent);
  if (isMainThread) sayLateVariables(agent, launch.environment);
  publish(agent);
  const document = () => (live === undefined ? read.loaded.document : live.document);
  if (settings.status !== undefined) show(settings.status, { agent, sources, document, libraries: seen });
}

/** Whether the application has a copy of its own, which has then been started. */
function startOwnCopy(injected: string, launch: Launch): boolean {
  const { findOwnCopy, saysInformation } = require('./config/own-copy') as typeof import('./config/own-copy');
  const own = findOwnCopy(injected);
  if (own === undefined) return false;
  // Worker threads belong to a process that has said it. What else is set may be understood by the other copy only.
  if (isMainThread && saysInformation(launch.environment)) {
    const line = startLines.steppedBack;
    startOutput(launch)(formatLine(line, line.words({ ...own, injected: VERSION })));
  }
  require(own.register);
  return true;
}

/** Has changes of the document with settings take effect; undefined: there is none. */
function followSource(
  agent: Agent,
  { loaded, environment, launch }: ProcessSettings,
  sources: LoadedSettings['sources'],
): LiveSettings | undefined {
  const { source } = loaded;
  if (source === undefined) return undefined;
  return agent.guard('following settings', undefined, () => {
    const { createLiveSettings, sayHidden } =
      require('./config/live-settings') as typeof import('./config/live-settings');
    const { watchSource } = require('./config/source-watch') as typeof import('./config/source-watch');
    const { settings, log, counts } = agent;
    // Worker threads belong to a process that says it.
    const say: Log['say'] = isMainThread ? log.say : () => {};
    const live: LiveSettings = createLiveSettings({
      loaded: { ...loaded, settings, sources },
      environment,
      launch,
      name: source.name,
      log: { say },
      count: counts.settingsChanged,
    });
    sayHidden(loaded, { say });
    live.onDocument(() => {
      const { document } = live;
      keepForThreads({ loaded: { ...loaded, settings, sources, document, notices: [] }, environment, launch });
    });
    agent.follow(live);
    watchSource(source, guarded(agent, live));
    return live;
  });
}

/** What is taken from a source runs on timers of our own: an error there would end the process. */
function guarded({ guard }: Agent, live: LiveSettings): Pick<LiveSettings, 'take' | 'unreachable'> {
  return {
    take: text => guard('a change of settings', undefined, () => live.take(text)),
    unreachable: problem => guard('a change of settings', undefined, () => live.unreachable(problem)),
  };
}

function sayNotice(log: Log, notice: Notice): void {
  switch (notice.type) {
    case 'unknown variable':
      log.say(startLines.unknownVariable, {
        variable: notice.variable,
        isMeant: notice.similar === undefined ? '' : `: is ${notice.similar} meant?`,
      });
      break;
    case 'tags without auto':
      log.say(startLines.tagsWithoutAuto, notice);
      break;
    case 'alias not used':
      log.say(startLines.aliasNotUsed, notice.problem);
      break;
    case 'no document':
      log.say(startLines.settingsUnknown, {
        name: notice.name,
        problem: notice.problem ?? 'there is no such document',
      });
  }
}

/** The agent began too late for a library. */
function sayLoadedBefore({ clients, log, settings }: Agent, libraries: typeof LIBRARIES): void {
  const before = loadedBefore(Object.keys(require.cache), libraries);
  if (before.length === 0) return;
  for (const { module, isMessaging } of before) {
    if (isMessaging) clients.leftAlone(`${module} was loaded before the agent`);
  }
  const names = before.map(({ module, path }) => `${module} (${path})`).join(', ');
  const effect = before.some(({ isMessaging }) => isMessaging)
    ? 'its messages carry no tag, and its consumers are not kept apart'
    : 'its calls carry no tag and are not routed';
  if (settings.tag === undefined) log.say(startLines.loadedBeforeBaseline, { libraries: names, effect });
  else log.say(startLines.loadedBeforeCanary, { libraries: names, effect });
}

/**
 * A process that sets its own variables, such as by dotenv, does so while its main script is loaded. What it says of its tag
 * then is too late to be true: a consumer that it has then is in the wrong environment.
 */
function sayLateVariables(agent: Agent, environment: Environment): void {
  // It may be the one that changes.
  const before = { ...environment };
  const look = () => {
    const { lateVariables } = require('./config/late-variables') as typeof import('./config/late-variables');
    const { tag, others } = lateVariables(before);
    for (const late of others) agent.log.say(startLines.lateSetting, late);
    if (tag === undefined) return;
    if (agent.clients.hasPlanned()) agent.failIsolation(startLines.lateTag, tag, tag.value);
    else agent.log.say(startLines.lateTag, tag);
  };
  const guarded = () => agent.guard('looking at late variables', undefined, look);
  agent.clients.onPlanned(guarded);
  setImmediate(guarded).unref();
}

/** Has the counts published as soon as the application has OpenTelemetry's metrics. */
function publish(agent: Agent): void {
  const { counts, consumers, guard, settings } = agent;
  onMeterProvider(provider =>
    guard('publishing metrics', undefined, () => {
      const { publishMetrics } = require('./metrics/metrics') as typeof import('./metrics/metrics');
      publishMetrics(provider, { tag: settings.tag, totals: counts.read, consumers }, observe =>
        guard('publishing metrics', undefined, observe),
      );
    }),
  );
}

/** Opens the socket by which people look into the process. */
function show(path: string, source: ReportSource): void {
  const { guard, log } = source.agent;
  guard('the status socket', undefined, () => {
    const { openStatusSocket } =
      require('./process-status/status-socket') as typeof import('./process-status/status-socket');
    const { processReport } =
      require('./process-status/process-report') as typeof import('./process-status/process-report');
    openStatusSocket(path, () => processReport(source), log);
  });
}

function settingsOrExit(launch: Launch): ProcessSettings {
  try {
    return processSettings(launch);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    // The wrong one may be any other.
    startOutput(launch)(formatLine(startLines.wrongSetting, error.message));
    process.exit(1);
  }
}

/** Where lines go while settings are not known: that one is asked for by itself. */
function startOutput({ environment, logTo, outputs }: Launch): Write {
  return lineOutput(environment.GRAY_LOG_TO?.trim() || logTo || 'stderr', outputs);
}
