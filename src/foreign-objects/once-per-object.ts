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
