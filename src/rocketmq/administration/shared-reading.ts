/**
 * A reading that many ask for at once, as the hand-over of a hundred tags does. Those who ask while one is under way share the
 * next: nobody gets an answer to a question that was put before he asked.
 *
 * @param read by a key
 */
export function sharedReading<Answer>(read: (key: string) => Promise<Answer>): (key: string) => Promise<Answer> {
  const underWay = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<Answer>>();

  async function begin(key: string): Promise<Answer> {
    // Those who ask in the same moment are among those who share it.
    await underWay.get(key);
    next.delete(key);
    const reading = read(key);
    const settled = reading.catch(() => {});
    underWay.set(key, settled);
    try {
      return await reading;
    } finally {
      if (underWay.get(key) === settled) underWay.delete(key);
    }
  }

  return key => {
    const known = next.get(key);
    if (known !== undefined) return known;
    const promise = begin(key);
    next.set(key, promise);
    return promise;
  };
}
