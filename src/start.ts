import { isMainThread } from 'node:worker_threads';
import { createAgent } from './agent';
import { loadSettings, SettingError } from './config/load';
import { CORE, LIBRARIES } from './instrumentations';
import { install } from './loader/install';
import { writeLine } from './log';
import { runningAgent, setRunningAgent } from './running-agent';
import { VERSION } from './version';

/**
 * Starts the agent in this process or worker thread: reads the settings, installs the hooks. Does nothing where one
 * runs already, or with `GRAY_ENABLED=false`. A wrong setting ends the process: one line, exit code 1.
 */
export function start(): void {
  if (runningAgent() !== undefined) return;
  const { settings, notices } = settingsOrExit();
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
  install(CORE, libraries, agent);
}

function settingsOrExit() {
  try {
    return loadSettings();
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    writeLine(error.message);
    process.exit(1);
  }
}
