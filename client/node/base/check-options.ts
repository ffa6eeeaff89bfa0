/** Checks of options what TypeScript does, for those who write JavaScript: their names and kinds. */
import { nearestName } from '../../../wire/nearest-name.ts'

/** What an option can be; `any`: it is checked elsewhere. */
export type OptionKind = 'any' | 'array' | 'boolean' | 'number' | 'object' | 'string'

/** What each option can be, in one way or several. */
export type OptionKinds<Options> = Readonly<Record<keyof Options & string, readonly OptionKind[]>>

const WORDS: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'a boolean',
  function: 'a function',
  number: 'a number',
  object: 'an object',
  string: 'a string',
}

/**
 * Refuses options of another kind, and names that are nearly those of options. Others are let pass, as TypeScript lets them
 * where an object was made elsewhere. Values are not shown: some are secret.
 *
 * @param prefix put before each name: `tls.`
 * @throws RangeError naming the option, and what it may be
 */
export function checkOptions<Options extends object>(options: Options, kinds: OptionKinds<Options>, prefix = ''): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (Object.hasOwn(kinds, name)) checkKind(prefix + name, value, kinds[name as keyof typeof kinds])
    else refuseMisspelt(name, Object.keys(kinds), prefix)
  }
}

/** @throws RangeError naming the option, and what it may be */
export function checkKind(name: string, value: unknown, kinds: readonly (OptionKind | 'function')[]): void {
  const kind = kindOf(value)
  if (kinds.some((each) => each === 'any' || each === kind)) return
  const allowed = kinds.map((each) => WORDS[each]).join(' or ')
  throw new RangeError(`${name} is ${WORDS[kind] ?? kind}, and must be ${allowed}`)
}

function refuseMisspelt(name: string, known: readonly string[], prefix: string): void {
  const nearest = nearestName(name, known)
  if (nearest === undefined) return
  throw new RangeError(`${prefix}${name} is no option: did you mean ${prefix}${nearest}?`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
