/** The rules of this process, asked about each request that comes in without a tag. */
import type { Rule } from '../config/rules';
import { callLines } from '../lines/calls';
import type { Log } from '../log';
import type { RequestHead } from './request-values';
import { compileRules, firstMatch } from './rules';
import { shownOf } from './shown';

/** What is known of a request beside its headers: node:http has it on the request, node:http2 among the headers. */
export interface RequestEmitter {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

export interface EdgeRules {
  /** The tag that a request gets; undefined: none. The function itself is undefined while there are no rules. */
  readonly tagFor: ((emitter: RequestEmitter, rawHeaders: readonly string[]) => string | undefined) | undefined;
  /** From now on these are asked. */
  replace(rules: readonly Rule[]): void;
}

export interface EdgeRulesMeans {
  readonly log: Log;
  /** Told of each request that was asked about. @param rule the number of the rule; undefined: none matched */
  count(tag: string | undefined, rule: number | undefined): void;
  /** Told of each tag that rules give. */
  knowTag(tag: string): void;
}

export function createEdgeRules({ log, count, knowTag }: EdgeRulesMeans): EdgeRules & { tagFor: EdgeRules['tagFor'] } {
  const edge: EdgeRules & { tagFor: EdgeRules['tagFor'] } = {
    tagFor: undefined,
    replace(rules) {
      const compiled = compileRules(rules);
      for (const { tag } of compiled) knowTag(tag);
      if (compiled.length === 0) {
        edge.tagFor = undefined;
        return;
      }
      edge.tagFor = (emitter, rawHeaders) => {
        const head = headOf(emitter, rawHeaders);
        const rule = firstMatch(compiled, head);
        count(rule?.tag, rule?.number);
        if (log.isDebug) say(log, head, rule);
        return rule?.tag;
      };
    },
  };
  return edge;
}

function say(log: Log, { method, target = '' }: RequestHead, rule: ReturnType<typeof firstMatch>): void {
  // Without the query, which may hold what is nobody's business.
  const [path = ''] = target.split('?', 1);
  const request = `${shownOf(method ?? '')} ${shownOf(path)}`;
  if (rule === undefined) log.say(callLines.noRule, { request });
  else log.say(callLines.ruled, { request, tag: rule.tag, rule: rule.number });
}

function headOf(emitter: RequestEmitter, rawHeaders: readonly string[]): RequestHead {
  // Pseudo-headers come first (RFC 9113, 8.3).
  if (!rawHeaders[0]?.startsWith(':')) return { method: emitter.method, target: emitter.url, rawHeaders };
  let method: string | undefined;
  let target: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length && rawHeaders[i]?.startsWith(':'); i += 2) {
    if (rawHeaders[i] === ':method') method = rawHeaders[i + 1];
    else if (rawHeaders[i] === ':path') target = rawHeaders[i + 1];
  }
  return { method, target, rawHeaders };
}
