/**
 * Which environment an instance belongs to, by the metadata it is registered with, and what this process registers.
 *
 * Names besides our own key are those of the Java agent's fleet: `opensergo.io/canary-<tag>=<tag>` and, older,
 * `__micro.service.env__`, a JSON array of objects such as `{"type":"tag","tag":"gray"}` (Higress reads the same two). Presets
 * add `dubbo.tag` (Dubbo's tag routing) and `service.meta.parameters.<key>` (Sermant's router, for Dubbo).
 */
import { DUBBO_TAG, type Interop } from '../names/interop';
import { BASE, isInstanceTag, isTag } from '../names/tag';

const CANARY_PREFIX = 'opensergo.io/canary-';
const SERMANT_PREFIX = 'service.meta.parameters.';
const SERVICE_ENVIRONMENT = '__micro.service.env__';

export type Metadata = Readonly<Record<string, unknown>>;

/**
 * The tag that an instance's metadata names; undefined: the baseline. Our own key first. Text that is no tag names
 * nothing: such an instance would otherwise be reachable for nobody.
 */
export function environmentOf(
  metadata: Metadata | null | undefined,
  key: string,
  interop: Interop = [],
): string | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  for (const name of parameterNames(key, interop)) {
    const tag = metadata[name];
    if (isTag(tag)) return tag === BASE ? undefined : tag;
  }
  for (const name of Object.keys(metadata)) {
    if (!name.startsWith(CANARY_PREFIX)) continue;
    const tag = metadata[name];
    if (isInstanceTag(tag)) return tag;
  }
  return serviceEnvironment(metadata[SERVICE_ENVIRONMENT]);
}

/** The names whose values are the bare tag. */
function parameterNames(key: string, interop: Interop): readonly string[] {
  return [
    key,
    ...(interop.includes('dubbo') ? [DUBBO_TAG] : []),
    ...(interop.includes('sermant') ? [`${SERMANT_PREFIX}${key}`] : []),
  ];
}

/** Consumers of Dubbo register themselves beside the providers, at a port that nobody listens to. */
export function isDubboConsumer(metadata: Metadata | null | undefined): boolean {
  return metadata?.side === 'consumer';
}

function serviceEnvironment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (isInstanceTag(value)) return value;
  try {
    const entries: unknown = JSON.parse(value);
    for (const entry of Array.isArray(entries) ? entries : [entries]) {
      const { tag, name } = entry as { tag?: unknown; name?: unknown };
      if (isInstanceTag(tag)) return tag;
      if (isInstanceTag(name)) return name;
    }
  } catch {
    // Not ours to repair: an instance without a readable environment is the baseline's.
  }
  return undefined;
}

export interface RegistrationOptions {
  readonly key: string;
  readonly tag: string | undefined;
  readonly interop: Interop;
}

/** What this process registers: a copy of the application's metadata with its tag; in the baseline the very same object. */
export function registrationMetadata<M extends object>(
  metadata: M | undefined,
  { key, tag, interop }: RegistrationOptions,
): M | undefined {
  if (tag === undefined) return metadata;
  const copy: Record<string, unknown> = { ...metadata };
  for (const name of parameterNames(key, interop)) copy[name] = tag;
  if (interop.includes('mse')) copy[`${CANARY_PREFIX}${tag}`] = tag;
  return copy as M;
}
