/** The group of the canary `tag` beside the baseline's `group`: `group1` and `gray` give `group1_gray`. */
export function canaryGroup(group: string, tag: string): string {
  return `${group}_${tag}`;
}

/**
 * The group in which a canary alone consumes, beside {@link canaryGroup}: what only it subscribes to. No tag has an
 * underscore in it, so no canary's group has this name.
 */
export function ownGroup(group: string, tag: string): string {
  return `${canaryGroup(group, tag)}__own`;
}

/** The group in which the canary gets copies of messages that are the baseline's. */
export function copiesGroup(group: string, tag: string): string {
  return `${canaryGroup(group, tag)}__copies`;
}
