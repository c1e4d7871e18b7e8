/** What rules make of one request, as people read it. */
import type { Rule } from '../config/rules';
import { type RequestHead, type RequestValues, requestValues } from '../propagation/request-values';
import { type Condition, compileRules, failingCondition } from '../propagation/rules';
import { columns, type Terminal } from './terminal';

/** @param inbound the tag that the request carries, and that is accepted */
export function rulesReport(
  rules: readonly Rule[],
  head: RequestHead,
  inbound: string | undefined,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  if (inbound !== undefined) return `The request carries the tag ${inbound}, which wins: no rule is asked.`;
  const values = requestValues(head);
  const rows: string[][] = [];
  for (const rule of compileRules(rules)) {
    const failing = failingCondition(rule, values);
    const named = [`rule ${rule.number}`, rule.tag];
    if (failing === undefined) {
      const because = rule.conditions.map(condition => `${valueText(condition, values)}, which ${condition.words}`);
      const lines = columns([...rows, [...named, 'matches', because.join('; ') || 'every request does']]);
      return [...lines, colors.bold(`The request gets the tag ${rule.tag}.`)].join('\n');
    }
    rows.push([...named, 'no', `${valueText(failing, values)}; wanted: ${failing.words}`]);
  }
  return [...columns(rows), colors.bold('No rule matches: the request gets no tag.')].join('\n');
}

/** `cookie uid is "7" (bucket 2,451)` */
function valueText({ source, name, bucketOf }: Condition, values: RequestValues): string {
  const what = name === '' ? source : `${source} ${name}`;
  const value = values(source, name);
  if (value === undefined) return `there is no ${what}`;
  const shown = JSON.stringify(source === 'query' ? value : Buffer.from(value, 'latin1').toString('utf8'));
  const bucket = bucketOf === undefined || value === '' ? '' : ` (bucket ${bucketOf(value)})`;
  return `${what} is ${shown}${bucket}`;
}
