/** Finds the names in an options object that nobody reads. */
import { nearestName } from './nearest-name.ts'

/** What an options object may have. */
export interface KnownNames {
  /** The names of its options. */
  readonly known: readonly string[]
  /** Put before each name, as `tls.`. Default: none. */
  readonly prefix?: string
  /** What to use in place of names that other libraries have. Default: none. */
  readonly theirs?: Readonly<Record<string, string>>
}

/** Returns a phrase for each name that has a value and is not an option, with what to write in its place where that is known. */
export function unknownNames(options: object, { known, prefix = '', theirs = {} }: KnownNames): string[] {
  const phrases: string[] = []
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue
    phrases.push(`${prefix}${name} is unknown${advice(name, { known, prefix, theirs })}`)
  }
  return phrases
}

function advice(name: string, { known, prefix, theirs }: Required<KnownNames>): string {
  if (Object.hasOwn(theirs, name)) return `: use ${theirs[name]}`
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `: did you mean ${prefix}${nearest}?`
}
