/** Tags in the attachments of RPC calls: reading them from a call that came in, writing them into one that goes out. */
import { shallowCopy } from '../foreign-objects/shallow-copy';
import { DUBBO_TAG, type Interop } from '../names/interop';
import { MSE_NAME, readMseTag, writeMseTag } from '../names/mse-tag';
import { BASE, isTag } from '../names/tag';
import { mergeBaggage, readBaggage } from './baggage';
import { BAGGAGE } from './http-headers';

export type Attachments = Readonly<Record<string, unknown>>;

export interface AttachmentPropagationOptions {
  readonly key: string;
  readonly inbound: 'accept' | 'ignore';
  readonly interop: Interop;
  /** Told about a tag that was dropped because it is malformed: the name of the attachment, and what stood there. */
  readonly onMalformed: (name: string, value: string) => void;
}

export interface AttachmentPropagation {
  /**
   * The tag that a call carries: our own attachment, else that of a preset (`dubbo.tag`, then `baggage`), else
   * `__microservice_tag__`. Always undefined when inbound tags are ignored.
   */
  extract(attachments: Attachments | null | undefined): string | undefined;
  /**
   * What a call with the outgoing tag `tag` carries: a copy of `attachments`, or the very same object when nothing
   * changes.
   */
  inject(attachments: Attachments, tag: string | undefined): Attachments;
}

export function createAttachmentPropagation(options: AttachmentPropagationOptions): AttachmentPropagation {
  const { key, inbound, interop, onMalformed } = options;
  const ignore = inbound === 'ignore';
  const [mse, dubbo, otel] = [interop.includes('mse'), interop.includes('dubbo'), interop.includes('otel')];
  const bare = dubbo ? [key, DUBBO_TAG] : [key];

  /** Merged into what the application, or a tracer, wrote there. */
  function writeBaggage(attachments: Record<string, unknown>, tag: string | undefined): void {
    const existing = attachments[BAGGAGE];
    if (existing !== undefined && typeof existing !== 'string') return;
    const merged = mergeBaggage(existing, { key, tag, writeMse: false, dropMse: ignore });
    if (merged === undefined) delete attachments[BAGGAGE];
    else attachments[BAGGAGE] = merged;
  }

  return {
    extract(attachments) {
      if (ignore || attachments === null || attachments === undefined) return undefined;
      for (const name of bare) {
        const tag = attachments[name];
        if (isTag(tag)) return tag;
        if (tag !== undefined) onMalformed(name, String(tag));
      }
      if (otel) {
        const baggage = attachments[BAGGAGE];
        const { own, malformed } = readBaggage(typeof baggage === 'string' ? baggage : '', key);
        if (own !== undefined) return own;
        if (malformed !== undefined) onMalformed(BAGGAGE, malformed);
      }
      const theirs = attachments[MSE_NAME];
      if (theirs === undefined) return undefined;
      const tag = tolerantMseTag(theirs);
      if (tag === undefined) onMalformed(MSE_NAME, String(theirs));
      return tag;
    },

    inject(attachments, tag) {
      const dropped = [...bare, ...(ignore || mse ? [MSE_NAME] : [])];
      const holdsTags = () =>
        dropped.some(name => Object.hasOwn(attachments, name)) || (otel && Object.hasOwn(attachments, BAGGAGE));
      if (tag === undefined && !(ignore && holdsTags())) return attachments;
      const copy: Record<string, unknown> = shallowCopy(attachments);
      for (const name of dropped) delete copy[name];
      if (otel) writeBaggage(copy, tag);
      if (tag === undefined) return copy;
      copy[key] = tag;
      // Others know no name for the baseline: there a call without a tag is one.
      if (tag === BASE) return copy;
      if (mse) copy[MSE_NAME] = writeMseTag(tag);
      if (dubbo) copy[DUBBO_TAG] = tag;
      return copy;
    },
  };
}

/** JSON as it is, the same percent-encoded as in baggage, or the bare tag: all three are about in that fleet. */
function tolerantMseTag(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (isTag(value)) return value;
  return readMseTag(value) ?? readMseTag(decoded(value));
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    // No percent-encoding.
  }
  return undefined;
}
