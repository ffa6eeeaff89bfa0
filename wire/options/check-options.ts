/** Checks the names, kinds and ranges of options, for callers whose options TypeScript has not checked. */
import { nearestName } from './nearest-name.ts'

/** The kind of an option's value; `any` if it is checked elsewhere. */
export type OptionKind = 'any' | 'array' | 'boolean' | 'function' | 'number' | 'object' | 'string'

/** The kinds that each option accepts. */
export type OptionKinds<Options> = Readonly<Record<keyof Options & string, readonly OptionKind[]>>

/** The options that an object may have. */
export interface OptionShape {
  /** The kinds of each option, by name. */
  readonly kinds: Readonly<Record<string, readonly OptionKind[]>>
  /** The shapes of options that are objects of options themselves. Default: none. */
  readonly nested?: Readonly<Record<string, OptionShape>>
  /** What to use instead of names from other libraries or earlier versions: `use readMaxBytes`. Default: none. */
  readonly advice?: Readonly<Record<string, string>>
}

const WORDS: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'a boolean',
  function: 'a function',
  number: 'a number',
  object: 'an object',
  string: 'a string',
}

/**
 * Rejects unknown names, and values of the wrong kind. Errors do not show values, as some are secret. Options that are undefined count
 * as absent.
 *
 * @param owner the function that takes the options: `createTransport`
 * @throws RangeError that names every fault, and what to write instead where that is known
 */
export function checkOptions(owner: string, options: unknown, shape: OptionShape): void {
  const fault = kindFault(`the argument of ${owner}`, options, ['object'])
  if (fault !== undefined) throw new RangeError(fault)
  const faults = optionFaults(options as object, shape)
  if (faults.length > 0) throw new RangeError(`${owner}: ${faults.join('; ')}`)
}

/**
 * Returns a phrase for each fault that {@link checkOptions} throws.
 *
 * @param prefix the prefix of each name, such as `tls.`
 * @param around the options that this object belongs to
 */
export function optionFaults(options: object, shape: OptionShape, prefix = '', around?: OptionShape): string[] {
  const faults: string[] = []
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const kinds = own(shape.kinds, name)
    if (kinds === undefined) {
      faults.push(`${prefix}${name} is unknown${adviceFor(name, shape, prefix, around)}`)
      continue
    }
    const fault = kindFault(prefix + name, value, kinds)
    const inner = own(shape.nested, name)
    if (fault !== undefined) faults.push(fault)
    else if (inner !== undefined && isObject(value)) {
      faults.push(...optionFaults(value, inner, `${prefix}${name}.`, shape))
    }
  }
  return faults
}

/** Returns a phrase that says what a value is and must be; undefined if it is of one of the kinds. */
export function kindFault(name: string, value: unknown, kinds: readonly OptionKind[]): string | undefined {
  const kind = kindOf(value)
  if (kinds.some((each) => each === 'any' || each === kind)) return undefined
  return `${name} is ${WORDS[kind] ?? kind}, and must be ${wordsOf(kinds)}`
}

/**
 * Checks a number.
 *
 * @param name with its owner, if errors name it: `etcdResolver: timeoutMs`
 * @param range the least and the greatest value. `min` is 1 by default
 * @throws RangeError that names the option, its value and its range
 */
export function assertWhole(
  name: string,
  value: number,
  { min = 1, max }: { readonly min?: number; readonly max: number },
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name} is ${value}, and must be a whole number from ${min} to ${max}`)
}

function wordsOf(kinds: readonly OptionKind[]): string {
  const words = kinds.map((kind) => WORDS[kind])
  const last = words.pop()
  return words.length === 0 ? `${last}` : `${words.join(', ')} or ${last}`
}

function adviceFor(name: string, shape: OptionShape, prefix: string, around: OptionShape | undefined): string {
  const known = own(shape.advice, name)
  if (known !== undefined) return `: ${known}`
  const inner = Object.entries(shape.nested ?? {}).filter(([, { kinds }]) => Object.hasOwn(kinds, name))
  if (inner.length === 1) return `: use ${prefix}${inner[0]?.[0]}.${name}`
  const nearest = nearestName(name, Object.keys(shape.kinds))
  if (nearest !== undefined) return `: did you mean ${prefix}${nearest}?`
  return around !== undefined && Object.hasOwn(around.kinds, name) ? `: use ${name}, beside ${prefix.slice(0, -1)}` : ''
}

function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}

function isObject(value: unknown): value is object {
  return kindOf(value) === 'object'
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Whether a text is the path of one route, such as `/docs`: it begins with a slash and has no parameters. */
export function isRoutePath(text: string): boolean {
  return /^(?:\/[\w.~-]+)+$/.test(text)
}
