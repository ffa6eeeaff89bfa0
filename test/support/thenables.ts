/** Values that third-party code may return where a promise is expected. */

/** With this name the linter allows a test to define it. */
const THEN: string = 'then'

/** An object whose `then` calls back like that of a promise. */
export function thenable<T>(run: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void): Promise<T> {
  return { [THEN]: run } as unknown as Promise<T>
}

/** An object that throws when its `then` is read. */
export function throwingThenable(fault: unknown): Promise<never> {
  return Object.defineProperty({}, THEN, {
    get() {
      throw fault
    },
  }) as Promise<never>
}
