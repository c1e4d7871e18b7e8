/** Tags in the attachments of RPC calls: reading them from a call that came in, writing them into one that goes out. */
import { shallowCopy } from '../foreign-objects/shallow-copy';
import { MSE_NAME, readMseTag, writeMseTag } from '../names/mse-tag';
import { BASE, isTag } from '../names/tag';

export type Attachments = Readonly<Record<string, unknown>>;

export interface AttachmentPropagationOptions {
  readonly key: string;
  /** May change. */
  readonly inbound: 'accept' | 'ignore';
  readonly interop: 'mse' | undefined;
  /** Told about a tag that was dropped because it is malformed: the name of the attachment, and what stood there. */
  readonly onMalformed: (name: string, value: string) => void;
}

export interface AttachmentPropagation {
  /**
   * The tag that a call carries: our own attachment, else `__microservice_tag__`. Always undefined when inbound tags are
   * ignored.
   */
  extract(attachments: Attachments | null | undefined): string | undefined;
  /**
   * What a call with the outgoing tag `tag` carries: a copy of `attachments`, or the very same object when nothing
   * changes.
   */
  inject(attachments: Attachments, tag: string | undefined): Attachments;
}

export function createAttachmentPropagation(options: AttachmentPropagationOptions): AttachmentPropagation {
  const { key, interop, onMalformed } = options;
  const mse = interop === 'mse';

  return {
    extract(attachments) {
      if (options.inbound === 'ignore' || attachments === null || attachments === undefined) return undefined;
      const own = attachments[key];
      if (isTag(own)) return own;
      if (own !== undefined) onMalformed(key, String(own));
      const theirs = attachments[MSE_NAME];
      if (theirs === undefined) return undefined;
      const tag = tolerantMseTag(theirs);
      if (tag === undefined) onMalformed(MSE_NAME, String(theirs));
      return tag;
    },

    inject(attachments, tag) {
      const ignore = options.inbound === 'ignore';
      const dropsMse = ignore || mse;
      const holdsTags = () => Object.hasOwn(attachments, key) || (dropsMse && Object.hasOwn(attachments, MSE_NAME));
      if (tag === undefined && !(ignore && holdsTags())) return attachments;
      const copy: Record<string, unknown> = shallowCopy(attachments);
      delete copy[key];
      if (dropsMse) delete copy[MSE_NAME];
      if (tag !== undefined) copy[key] = tag;
      // The Java agent knows no name for the baseline: there a call without a tag is one.
      if (mse && tag !== undefined && tag !== BASE) copy[MSE_NAME] = writeMseTag(tag);
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
