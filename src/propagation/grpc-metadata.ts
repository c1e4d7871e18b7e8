import { type HeaderChange, joined } from './http-headers';

/** The part of gRPC's Metadata that is used. */
export interface Metadata {
  get(key: string): readonly unknown[];
  set(key: string, value: string): void;
  remove(key: string): void;
  clone(): Metadata;
}

/** A changed copy of `metadata`, or the very same where there is nothing to change. */
export function changeMetadata<M extends Metadata>(metadata: M, changes: readonly HeaderChange[]): M {
  let copy: Metadata | undefined;
  for (const { name, change } of changes) {
    const values = metadata.get(name);
    const existing = joined(values);
    const next = change(existing);
    if (next === existing && values.length <= 1) continue;
    copy ??= metadata.clone();
    if (next === undefined) copy.remove(name);
    else copy.set(name, next);
  }
  return (copy as M | undefined) ?? metadata;
}
