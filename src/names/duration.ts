/** Times as people write them. */

// In each bundle: figures, of which nothing is written.
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** `3h30m` in ms; undefined: it is no time. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (match === null || text === '') return undefined;
  const [, days, hours, minutes, seconds] = match.map(digits => Number(digits ?? 0));
  return (days ?? 0) * UNITS.d + (hours ?? 0) * UNITS.h + (minutes ?? 0) * UNITS.m + (seconds ?? 0) * UNITS.s;
}

/** Ms as `3h30m`; what is less than a second is left out. */
export function durationText(ms: number): string {
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts = Object.entries(UNITS).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.join('') || '0s';
}
