/** Builds functions from source code, for codecs that are compiled from descriptors. */

let isPermitted: boolean | null = null

/** Whether this process may generate code; not under `--disallow-code-generation-from-strings`. Tested once. */
export function canGenerateCode(): boolean {
  if (isPermitted === null) {
    try {
      isPermitted = new Function('return true')() === true
    } catch {
      isPermitted = false
    }
  }
  return isPermitted
}

/** V8 does not optimise functions of more than 60 KB of bytecode. For types with more fields than this, closures are faster. */
const MAX_GENERATED_FIELDS = 200

/**
 * Returns why no function is generated for a type with so many fields, as the counters of types show it. Empty if one is.
 *
 * @param canGenerate default: whether this process may generate code
 */
export function whyNotGenerated(fields: number, canGenerate = canGenerateCode()): string {
  if (!canGenerate) return 'code generation is not allowed'
  return fields > MAX_GENERATED_FIELDS ? 'too many fields' : ''
}

/** Returns a name or text as a literal of JavaScript, which cannot end early. */
export function literal(text: string): string {
  // JSON leaves U+2028 and U+2029 as they are. JavaScript accepts them in strings since ES2019.
  return JSON.stringify(text)
}

/** Returns the code that reads or writes a property of `object`, an expression. */
export function propertyOf(object: string, name: string): string {
  return `${object}[${literal(name)}]`
}

/** As {@link propertyOf}, to read. What every object inherits, such as `hasOwnProperty`, is undefined unless the object has its own. */
export function ownPropertyOf(object: string, name: string): string {
  const property = propertyOf(object, name)
  return name in Object.prototype ? `(Object.hasOwn(${object}, ${literal(name)}) ? ${property} : undefined)` : property
}

/**
 * The source of one function. Descriptors reach the code only as literals and as bound values, so that no name in them can become code.
 */
export class FunctionSource {
  readonly #names: string[] = []
  readonly #values: unknown[] = []
  readonly #lines: string[] = []

  /** Makes a value available to the code. Returns the name of a constant, which the value is bound to by `compile`. */
  bind(value: unknown): string {
    const known = this.#values.indexOf(value)
    if (known >= 0) return this.#names[known] as string
    const name = `$${this.#names.length}`
    this.#names.push(name)
    this.#values.push(value)
    return name
  }

  /** Appends a line, or several. */
  add(...lines: readonly string[]): void {
    this.#lines.push(...lines)
  }

  /** Compiles `(parameters) => { lines }`. Profiles and stack traces show its name, and `portico:codec/NAME` as its source. */
  compile<F>(parameters: string, name = 'compiled'): F {
    const body = this.#lines.join('\n')
    const identifier = name.replace(/\W/g, '_')
    const source = `'use strict'\nreturn function ${identifier}(${parameters}) {\n${body}\n}\n//# sourceURL=portico:codec/${identifier}`
    return new Function(...this.#names, source)(...this.#values) as F
  }
}
