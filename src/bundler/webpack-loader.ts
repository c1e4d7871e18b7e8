/** The loader that the plugin for webpack has files of libraries pass through. */
import { LIBRARIES } from '../instrumentations';
import { appendix } from './bundled-file';

export interface LoaderOptions {
  readonly root: string;
  readonly version: string;
}

/** The part of webpack's loader context that is used. */
interface LoaderContext {
  readonly resourcePath: string;
  getOptions(): LoaderOptions;
  callback(error: null, source: string, map: unknown, meta: unknown): void;
}

/** Appends only: what is known of where the lines come from stays true. */
export default function loader(this: LoaderContext, source: string, map: unknown, meta: unknown): void {
  const added = appendix(this.resourcePath, this.getOptions().root, LIBRARIES) ?? '';
  this.callback(null, source + added, map, meta);
}
