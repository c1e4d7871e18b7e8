/** The group of the canary `tag` beside the baseline's `group`: `group1` and `gray` give `group1_gray`. */
export function canaryGroup(group: string, tag: string): string {
  return `${group}_${tag}`;
}
