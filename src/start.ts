import { isMainThread } from 'node:worker_threads';
import { type Agent, createAgent } from './agent';
import { type LoadedSettings, SettingError } from './config/load';
import { processSettings } from './config/process-settings';
import { CORE, LIBRARIES } from './instrumentations';
import { install, type SeenCopy } from './loader/install';
import { writeLine } from './log';
import { runningAgent, setRunningAgent } from './running-agent';
import { onMeterProvider } from './telemetry/meter-provider';
import { VERSION } from './version';

/**
 * Starts the agent in this process or worker thread: reads the settings, installs the hooks. Does nothing where one
 * runs already, or with `GRAY_ENABLED=false`. A wrong setting ends the process: one line, exit code 1.
 */
export function start(): void {
  if (runningAgent() !== undefined) return;
  const { settings, sources, notices } = settingsOrExit();
  if (!settings.enabled) return;
  const agent = createAgent(settings);
  setRunningAgent(agent);

  const environment = settings.tag === undefined ? 'baseline' : `tag ${settings.tag}`;
  // Worker threads belong to a process that has said it.
  if (isMainThread) {
    agent.log.info(`${environment}, version ${VERSION}`);
    for (const notice of notices) agent.log.warn(notice);
  }
  const libraries = settings.mqEnabled ? LIBRARIES : LIBRARIES.filter(library => !library.isMessaging);
  const seen = install(CORE, libraries, agent);
  publish(agent);
  if (settings.status !== undefined) show(settings.status, agent, sources, seen);
}

/** Has the counts published as soon as the application has OpenTelemetry's metrics. */
function publish(agent: Agent): void {
  const { counts, consumers, guard, settings } = agent;
  onMeterProvider(provider =>
    guard('publishing metrics', undefined, () => {
      const { publishMetrics } = require('./telemetry/metrics') as typeof import('./telemetry/metrics');
      publishMetrics(provider, { tag: settings.tag, totals: counts.read, consumers }, observe =>
        guard('publishing metrics', undefined, observe),
      );
    }),
  );
}

/** Opens the socket by which people look into the process. */
function show(
  path: string,
  agent: Agent,
  sources: LoadedSettings['sources'],
  libraries: () => readonly SeenCopy[],
): void {
  agent.guard('the status socket', undefined, () => {
    const { openStatusSocket } = require('./telemetry/status-socket') as typeof import('./telemetry/status-socket');
    const { processReport } = require('./telemetry/process-report') as typeof import('./telemetry/process-report');
    openStatusSocket(path, () => processReport({ agent, sources, libraries }), agent.log);
  });
}

function settingsOrExit() {
  try {
    return processSettings();
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    writeLine(error.message);
    process.exit(1);
  }
}
