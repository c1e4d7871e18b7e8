/** What a process tells of itself, as one JSON document. Holds no secret: access keys never enter here. */
import { isMainThread, threadId } from 'node:worker_threads';
import type { Agent } from '../agent/agent';
import type { LoadedSettings, SettingSource } from '../config/load';
import { SETTINGS } from '../config/settings';
import type { Totals } from '../counting/counts';
import type { SeenCopy } from '../loader/install';
import { meterProvider } from '../metrics/meter-provider';
import { VERSION } from '../names/version';
import type { ConsumerReport } from '../rocketmq/consumer/consumer-report';

/** Grows when something in the document changes its meaning or goes. */
export const REPORT_FORMAT = 1;

export interface SettingReport {
  /** The environment variable; the key in a configuration file. */
  readonly variable: string;
  readonly name: string;
  /** Null: none. */
  readonly value: unknown;
  readonly source: SettingSource;
}

export interface ProcessReport {
  readonly format: number;
  readonly version: string;
  /** The instance tag; null: the baseline. */
  readonly tag: string | null;
  readonly process: {
    readonly pid: number;
    /** 0: the main thread. */
    readonly thread: number;
    /** The script that it runs. */
    readonly script: string | null;
    readonly node: string;
    /** Seconds. */
    readonly uptime: number;
  };
  readonly settings: readonly SettingReport[];
  /** The document with settings that is in force, and the first digits of its SHA-256; null: there is none. */
  readonly document: { readonly name: string; readonly digits: string } | null;
  readonly libraries: readonly SeenCopy[];
  readonly consumers: readonly ConsumerReport[];
  /** Whether the application has a meter provider, by which the counts are published. */
  readonly hasMeterProvider: boolean;
  readonly counts: Totals;
}

export interface ReportSource {
  readonly agent: Agent;
  readonly sources: Readonly<Record<string, SettingSource>>;
  document(): LoadedSettings['document'];
  libraries(): readonly SeenCopy[];
}

export function processReport({ agent, sources, document, libraries }: ReportSource): ProcessReport {
  const { settings } = agent;
  return {
    format: REPORT_FORMAT,
    version: VERSION,
    tag: settings.tag ?? null,
    process: {
      pid: process.pid,
      thread: isMainThread ? 0 : threadId,
      script: process.argv[1] ?? null,
      node: process.versions.node,
      uptime: Math.round(process.uptime()),
    },
    settings: SETTINGS.map(({ name, variables: [variable] }) => ({
      variable,
      name,
      value: settings[name] ?? null,
      source: sources[name] ?? { from: 'default' },
    })),
    document: document() ?? null,
    libraries: libraries(),
    consumers: agent.consumers(),
    hasMeterProvider: meterProvider() !== undefined,
    counts: agent.counts.read(),
  };
}
