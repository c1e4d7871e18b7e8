/**
 * Header objects whose tag was settled when their call was made: libraries that run on node:http2 send calls later, from
 * whichever flow comes along. What carries these objects leaves them as they are.
 */
export const settledHeaders = new WeakSet<object>();
