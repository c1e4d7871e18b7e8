/** Patterns that name tags. */

/** Whether a tag is one that a pattern names, in which `*` stands for anything. */
export function matcher(pattern: string): (tag: string) => boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return tag => tag === pattern;
  return tag => {
    if (!tag.startsWith(first)) return false;
    let at = first.length;
    for (const part of parts) {
      const found = tag.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return tag.length - last.length >= at && tag.endsWith(last);
  };
}

export function isTagPattern(text: string): boolean {
  return /^[A-Za-z0-9*][A-Za-z0-9*-]{0,31}$/.test(text);
}
