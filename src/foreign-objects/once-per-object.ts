/** `compute`, called once for each object; the answer goes with the object. */
export function oncePerObject<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const answers = new WeakMap<K, { readonly value: V }>();
  return key => {
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = { value: compute(key) };
      answers.set(key, answer);
    }
    return answer.value;
  };
}

/** The same for an object and a name. */
export function oncePerName<K extends object, V>(compute: (key: K, name: string) => V): (key: K, name: string) => V {
  const answersOf = oncePerObject<K, Map<string, { readonly value: V }>>(() => new Map());
  return (key, name) => {
    const answers = answersOf(key);
    let answer = answers.get(name);
    if (answer === undefined) {
      answer = { value: compute(key, name) };
      answers.set(name, answer);
    }
    return answer.value;
  };
}
