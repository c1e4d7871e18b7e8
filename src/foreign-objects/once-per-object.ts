/** `compute`, called once for each object; the answer goes with the object. */
export function oncePerObject<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const answers: Answers<K, V> = new WeakMap();
  return key => remembered(answers, key, compute);
}

/** The same for an object and a name. */
export function oncePerName<K extends object, V>(compute: (key: K, name: string) => V): (key: K, name: string) => V {
  const answersOf = oncePerObject<K, Answers<string, V>>(() => new Map());
  return (key, name) => remembered(answersOf(key), name, () => compute(key, name));
}

/**
 * `compute` of texts, most of which come again. The answer is called at the beginning of each pass over all of them; what did not
 * come in a whole pass is forgotten.
 */
export function oncePerText<V>(compute: (text: string) => V): () => (text: string) => V {
  let last = new Map<string, { readonly value: V }>();
  return () => {
    const [before, now] = [last, new Map<string, { readonly value: V }>()];
    last = now;
    return text => {
      const known = now.get(text) ?? before.get(text) ?? { value: compute(text) };
      now.set(text, known);
      return known.value;
    };
  };
}

/** As far as they are known. */
interface Answers<K, V> {
  get(key: K): { readonly value: V } | undefined;
  set(key: K, answer: { readonly value: V }): unknown;
}

function remembered<K, V>(answers: Answers<K, V>, key: K, compute: (key: K) => V): V {
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = { value: compute(key) };
    answers.set(key, answer);
  }
  return answer.value;
}
