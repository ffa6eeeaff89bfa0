/** The options that a program adds to those of the server. */
import { kindFault, type OptionShape, optionFaults } from '../../wire/options/check-options.ts'
import { nearestName } from '../../wire/options/nearest-name.ts'
import { choice, duration, integer, type Kind, path, size, text, textList, toggle } from './kinds.ts'
import type { Option, OptionTable } from './option.ts'
import { type OptionName, optionTable } from './option-table.ts'

/** An option of a program. Its flag is `--` and its name, which is lower case with dashes: `database-url`. */
export type OwnOption =
  | (Described<'string', string> & Accepted)
  | Described<'path', string>
  | Described<'strings', readonly string[]>
  | Described<'boolean', boolean>
  | (Described<'integer', number> & Range<number>)
  | (Described<'duration' | 'size', number | string> & Range<number | string>)
  | Described<readonly string[], string>

/** What all kinds of option have. */
interface Described<Kind, Default> {
  /**
   * `string`; `path`, of a file that is not opened; `strings`, separated by commas; `boolean`; `integer`; `duration` (`30s`), a
   * number of milliseconds for the program; `size` (`4MiB`), a number of bytes; or the list of words that are allowed.
   */
  readonly kind: Kind
  /** What the option is for: one line for `--help`. */
  readonly help: string
  /**
   * The value if the option is not set: as on the command line (`'30s'`), or as a value (30_000). Default: false for `boolean`,
   * an empty list for `strings`, else undefined.
   */
  readonly default?: Default
  /** Whether the program does not start without it. Default: false. */
  readonly required?: boolean
  /** Its environment variable. Default: `envPrefix` and the name in upper case: `PORTICO_DATABASE_URL`. */
  readonly env?: string
  /** Whether `--help` and errors show `***` in place of its value. Default: false. */
  readonly secret?: boolean
}

/** Which texts are values. */
interface Accepted {
  /** Checks a text. `expects` ends the sentence "must be ...". Default: any text. */
  readonly accepts?: { readonly test: (text: string) => boolean; readonly expects: string }
}

/** Both ends are included. */
interface Range<Value> {
  /** Default: 0. */
  readonly min?: Value
  /** Default: 999,999,999,999,999 for `integer`, 576h for `duration`, 1024GiB for `size`. */
  readonly max?: Value
}

/** The options of a program, by name. */
export type OwnOptions = Readonly<Record<string, OwnOption>>

/** The values of such options. One without a default may be undefined, unless it is required. */
export type OwnValues<Own extends OwnOptions> = {
  readonly [Name in keyof Own]: ValueOf<Own[Name]['kind']> | Absent<Own[Name]>
}

type ValueOf<K> = K extends readonly (infer Word)[]
  ? Word
  : K extends 'strings'
    ? readonly string[]
    : K extends 'boolean'
      ? boolean
      : K extends 'integer' | 'duration' | 'size'
        ? number
        : string

type Absent<O extends OwnOption> = O extends { kind: 'boolean' | 'strings' } | { required: true } | { default: unknown }
  ? never
  : undefined

/** Values for options of the server in place of their defaults, as on the command line (`'30s'`) or as numbers. */
export type ServerDefaults = { readonly [Name in OptionName]?: string | number | boolean | readonly string[] }

const OWN_SHAPE: OptionShape = {
  kinds: {
    kind: ['string', 'array'],
    help: ['string'],
    default: ['any'],
    required: ['boolean'],
    env: ['string'],
    secret: ['boolean'],
    accepts: ['object'],
    min: ['number', 'string'],
    max: ['number', 'string'],
  },
}

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const RESERVED = new Set(['help', 'version'])
const LONGEST_MS = 576 * 3_600_000
const LARGEST_BYTES = 1_024 * 1_024 ** 3
const LARGEST_INTEGER = 999_999_999_999_999

/**
 * Makes the rows of a program's own options.
 *
 * @param envPrefix how the variables begin that have no `env`
 * @throws RangeError that names every fault: a bad name, a name or variable that is taken, a default that is not a valid value
 */
export function ownOptionTable(own: OwnOptions, envPrefix: string): OptionTable {
  const faults: string[] = []
  const variables = new Map<string, string>(Object.entries(optionTable).map(([name, { env }]) => [env, name]))
  const rows = Object.entries(own).map(([name, option]): [string, Option<unknown>] => {
    const kind = kindFault(`options.${name}`, option, ['object'])
    const wrong = kind === undefined ? optionFaults(option, OWN_SHAPE, `options.${name}.`) : [kind]
    if (wrong.length > 0) {
      faults.push(...wrong)
      return [name, UNREADABLE]
    }
    const env = option.env ?? envPrefix + name.toUpperCase().replaceAll('-', '_')
    const taker = variables.get(env)
    variables.set(env, name)
    faults.push(...nameFaults(name))
    if (taker !== undefined)
      faults.push(`options.${name}: the variable ${env} is that of --${taker}: set another by env`)
    return [name, rowOf(name, option, { env, faults })]
  })
  if (faults.length > 0) throw new RangeError(`serve: ${faults.join('; ')}`)
  return Object.fromEntries(rows)
}

/**
 * Returns a table with other defaults.
 *
 * @throws RangeError that names every default that is not a valid value, or of no option
 */
export function withDefaults(table: OptionTable, defaults: ServerDefaults): OptionTable {
  const faults: string[] = []
  const changed = { ...table }
  for (const [name, value] of Object.entries(defaults)) {
    const row = Object.hasOwn(table, name) ? table[name] : undefined
    if (row === undefined) faults.push(unknownDefault(name))
    else if (value !== undefined) {
      changed[name] = { ...row, default: readDefault(row.kind, value, { name: `defaults.${name}`, faults }) }
    }
  }
  if (faults.length > 0) throw new RangeError(`serve: ${faults.join('; ')}`)
  return changed
}

function unknownDefault(name: string): string {
  const nearest = nearestName(name, Object.keys(optionTable))
  return `defaults.${name} is not an option of the server${nearest === undefined ? '' : `: did you mean ${nearest}?`}`
}

function nameFaults(name: string): string[] {
  if (!NAME.test(name)) return [`options.${name}: a name is lower case, with dashes between words`]
  if (name.startsWith('no-')) return [`options.${name}: --no-... turns off switches: choose another name`]
  const isTaken = Object.hasOwn(optionTable, name) || RESERVED.has(name)
  return isTaken ? [`options.${name}: the server has this option already: choose another name`] : []
}

/** Stands for a row with faults, which is never used. */
const UNREADABLE: Option<unknown> = { env: '', kind: text, default: undefined, help: '' }

function rowOf(name: string, option: OwnOption, { env, faults }: { env: string; faults: string[] }): Option<unknown> {
  const { help, required: isRequired = false, secret: isSecret = false } = option
  if (help === undefined) faults.push(`options.${name}.help is missing: describe the option in one line`)
  const kind = kindOf(option)
  if (typeof kind === 'string') {
    faults.push(`options.${name}.${kind}`)
    return UNREADABLE
  }
  const where = { name: `options.${name}.default`, faults }
  const fallback = option.default === undefined ? absentValue(option) : readDefault(kind, option.default, where)
  return { env, kind, default: fallback, help, isRequired, isSecret }
}

/** A kind of number, and its widest range. */
interface RangedKind {
  readonly create: (min: number, max: number) => Kind<number>
  readonly least: number
  readonly most: number
}

const RANGED: ReadonlyMap<unknown, RangedKind> = new Map([
  ['integer', { create: integer, least: -LARGEST_INTEGER, most: LARGEST_INTEGER }],
  ['duration', { create: duration, least: 0, most: LONGEST_MS }],
  ['size', { create: size, least: 0, most: LARGEST_BYTES }],
])

const PLAIN: ReadonlyMap<unknown, Kind<unknown>> = new Map<string, Kind<unknown>>([
  ['string', text],
  ['path', path],
  ['strings', textList],
  ['boolean', toggle],
])

/** Returns the kind that an option describes, or what is wrong with the description. */
function kindOf(option: OwnOption): Kind<unknown> | string {
  const { kind, min, max, accepts } = option as OwnOption & Range<number | string> & Accepted
  if (accepts !== undefined)
    return kind === 'string' ? checkedText(accepts) : 'accepts has no effect: only string has it'
  const ranged = RANGED.get(kind)
  if (ranged !== undefined) return rangedKind(ranged, min, max)
  if (min !== undefined) return `min has no effect: only ${[...RANGED.keys()].join(', ')} have a range`
  if (max !== undefined) return `max has no effect: only ${[...RANGED.keys()].join(', ')} have a range`
  if (Array.isArray(kind) && kind.length > 0 && kind.every((word) => typeof word === 'string')) return choice(kind)
  const names = [...PLAIN.keys(), ...RANGED.keys()].join(', ')
  return PLAIN.get(kind) ?? `kind is ${JSON.stringify(kind)}: it must be ${names}, or a list of words`
}

function checkedText({ test, expects }: NonNullable<Accepted['accepts']>): Kind<string> {
  const parse: Kind<string>['parse'] = (given) => {
    const parsed = text.parse(given)
    return 'value' in parsed && test(given) ? parsed : { bad: given }
  }
  return { ...text, expects, parse }
}

function rangedKind(
  { create, least, most }: RangedKind,
  min: number | string = 0,
  max: number | string = most,
): Kind<number> | string {
  const widest = create(least, most)
  const parse = (bound: number | string) => (bound === most ? { value: most } : widest.parse(textOf(widest, bound)))
  const [from, to] = [parse(min), parse(max)]
  if (!('value' in from)) return `min must be ${widest.expects}`
  if (!('value' in to)) return `max must be ${widest.expects}`
  return from.value > to.value ? 'min is above max' : create(from.value, to.value)
}

function absentValue({ kind }: OwnOption): unknown {
  if (kind === 'boolean') return false
  return kind === 'strings' ? Object.freeze([]) : undefined
}

/** Reads a default that code gives as it would be read from the command line, where no text stands for an empty list. */
function readDefault(
  kind: Kind<unknown>,
  value: unknown,
  { name, faults }: { name: string; faults: string[] },
): unknown {
  const isEmptyList = kind.isList && Array.isArray(value) && value.length === 0
  const parsed = isEmptyList ? { value: [] } : kind.parse(textOf(kind, value))
  if ('value' in parsed) return Object.freeze(parsed.value)
  faults.push(`${name} must be ${kind.expects}`)
  return undefined
}

function textOf({ placeholder }: Kind<unknown>, value: unknown): string {
  return typeof value === 'number' && placeholder === 'DURATION' ? `${value}ms` : String(value)
}
