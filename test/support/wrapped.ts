/** Gives an object with some of its verbs replaced; everything else is its own. Neither the object nor its prototype is changed. */
export function wrapped<T extends object>(own: T, verbs: Partial<T>): T {
  return new Proxy(own, {
    get(target, name) {
      if (name in verbs) return Reflect.get(verbs, name) as unknown
      const value: unknown = Reflect.get(target, name, target)
      // The private fields belong to the target alone.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
