/** Other agents and frameworks beside this agent: what each preset of GRAY_INTEROP adds is with what reads and writes it. */

/**
 * `mse`: the Java agent of MSE and SAE. `dubbo`: Dubbo's own tag routing. `otel`: OpenTelemetry's Java agent. `sermant`:
 * Sermant's plugins for grayscale messages, routing and tag transmission.
 */
export const INTEROP_PRESETS = ['mse', 'dubbo', 'otel', 'sermant'] as const;

export type InteropPreset = (typeof INTEROP_PRESETS)[number];
export type Interop = readonly InteropPreset[];

/** Dubbo's name for the tag of a call (attachment), and of an instance (parameter). `CommonConstants.TAG_KEY` of Dubbo 3. */
export const DUBBO_TAG = 'dubbo.tag';
