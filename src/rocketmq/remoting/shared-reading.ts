/**
 * A reading that many ask for at once, as the hand-over of a hundred tags does. Those who ask while one is under way share the
 * next: nobody gets an answer to a question that was put before he asked.
 *
 * @param keyOf tells questions apart; those that are asked for the same thing share an answer
 */
export function sharedReading<Answer, Question = void>(
  read: (question: Question) => Promise<Answer>,
  keyOf: (question: Question) => string = String,
): (question: Question) => Promise<Answer> {
  const underWay = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<Answer>>();

  async function begin(key: string, question: Question): Promise<Answer> {
    // Those who ask in the same moment are among those who share it.
    await underWay.get(key);
    next.delete(key);
    const reading = read(question);
    const settled = reading.catch(() => {});
    underWay.set(key, settled);
    try {
      return await reading;
    } finally {
      if (underWay.get(key) === settled) underWay.delete(key);
    }
  }

  return question => {
    const key = keyOf(question);
    const known = next.get(key);
    if (known !== undefined) return known;
    const promise = begin(key, question);
    next.set(key, promise);
    return promise;
  };
}
