/** What both sides of the client share: its messages, and generators, which its 2.x are written with. */

/** `MixAll.RETRY_GROUP_TOPIC_PREFIX` */
export const RETRY_TOPIC = '%RETRY%';

export interface Message {
  readonly topic: string;
  readonly tags?: string;
  readonly reconsumeTimes: number;
  readonly properties: Record<string, string>;
}

export function isGeneratorFunction(value: unknown): boolean {
  return typeof value === 'function' && value.constructor.name === 'GeneratorFunction';
}
