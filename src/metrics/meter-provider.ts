/**
 * Finds the meter provider that the application registered with its own OpenTelemetry API.
 *
 * The agent's own API (1.0.4, see `context/opentelemetry.ts`) has no metrics, and a newer one could not be shared. It is not
 * needed either: since 1.3.0, where metrics came in, every API 1.x keeps the registered provider itself, not a stand-in for
 * it, as `metrics` of its globals (api/src/api/metrics.ts, api/src/internal/global-utils.ts). It is asked for a meter there.
 *
 * Nothing tells when it is registered: before the agent's start (an earlier preload), at the application's start, or when
 * some configuration has arrived. So it is looked for: with each message while there is none (which reads a property, as
 * `context/opentelemetry.ts` does for the context manager), and by a timer that keeps no process alive, with pauses that
 * double from one second to half a minute. The place is not made to report it (a setter on the API's globals): it is the
 * application's.
 */

/** The part of the API's `MeterProvider` that is used, 1.3 to 1.10. */
export interface MeterProvider {
  getMeter(name: string, version?: string): Meter;
}
export interface Meter {
  createObservableCounter(name: string, options: InstrumentOptions): Observable;
  createObservableGauge(name: string, options: InstrumentOptions): Observable;
}
export interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
  /** `ValueType.INT` is 0. */
  readonly valueType: number;
}
export interface Observable {
  addCallback(callback: (result: ObservableResult) => void): void;
}
export interface ObservableResult {
  observe(value: number, attributes: Readonly<Record<string, string | boolean>>): void;
}

const GLOBALS = Symbol.for('opentelemetry.js.api.1');

/** The registered provider; undefined: there is none. Never throws, whatever somebody made of the place. */
export function meterProvider(): MeterProvider | undefined {
  try {
    return (globalThis as Record<symbol, { readonly metrics?: MeterProvider } | undefined>)[GLOBALS]?.metrics;
  } catch {
    return undefined;
  }
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

// As it is now: tests of applications put clocks of their own in its place later, and run all timers they find.
const later = setTimeout;

/** Calls `attach` with each provider that is registered from now on, some time after it was. */
export function onMeterProvider(attach: (provider: MeterProvider) => void): void {
  let current: MeterProvider | undefined;
  let pause = FIRST_PAUSE_MS;
  const look = () => {
    const provider = meterProvider();
    // Another one may take its place, once it was unregistered.
    if (provider !== undefined && provider !== current) attach(provider);
    current = provider;
    later(look, pause).unref();
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  };
  later(look, pause).unref();
}
