/** Ordinal of MQVersion.V4_0_0_SNAPSHOT; from there on each minor version has ten patches, each of them a snapshot before it. */
const V4_0_0_SNAPSHOT = 212;

/** The release behind an ordinal of MQVersion.java, which servers send with each answer; undefined before 4.0. */
export function releaseOf(ordinal: number): string | undefined {
  const steps = ordinal - V4_0_0_SNAPSHOT;
  if (!Number.isSafeInteger(steps) || steps < 0) return undefined;
  const [major, minor, patch] = [4 + Math.floor(steps / 200), Math.floor(steps / 20) % 10, Math.floor(steps / 2) % 10];
  return `${major}.${minor}.${patch}${steps % 2 === 0 ? '-SNAPSHOT' : ''}`;
}

/** SQL92 filters as this agent needs them, and what it was tried with. */
export function isSupportedRelease(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 5);
}

/** Whether a broker answers who its producers are (GET_ALL_PRODUCER_INFO, since 4.9.3). Older ones do not answer at all. */
export function listsProducers(release: string | undefined): boolean {
  const [major = 0, minor = 0, patch = 0] = (release ?? '').split(/[.-]/).map(Number);
  return major > 4 || (major === 4 && (minor > 9 || (minor === 9 && patch >= 3)));
}
