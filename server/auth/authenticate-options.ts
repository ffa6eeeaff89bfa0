/** The options of `authenticate`, checked once. */
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { AuthRequirement, AuthRule, AuthRules } from './auth-rules.ts'
import type { AuthScheme } from './schemes/auth-scheme.ts'

/** What `authenticate` takes. */
export interface AuthenticateOptions {
  /** The accepted schemes. The first for which a call has credentials decides. At least one. */
  readonly schemes: readonly AuthScheme[]
  /** What holds for methods without a rule. Default: `required`. */
  readonly default?: AuthRequirement
  /**
   * Services and methods that need no credentials, besides health: `shop.v1.ShopService`, `shop.v1.ShopService/ListOffers`. The same as
   * a rule `none`. Default: none.
   */
  readonly exempt?: readonly string[]
  /**
   * Rules by the names of services and methods, which override those of the protos: a requirement, or one with scopes and schemes.
   * Default: none.
   */
  readonly rules?: Readonly<Record<string, AuthRequirement | AuthRule>>
  /**
   * Refuse credentials that came without TLS of this process, also from the same host. Default: false, as TLS often ends at a proxy
   * before the server.
   */
  readonly requiresTls?: boolean
}

/** All options, with their values. */
export interface ResolvedAuthenticateOptions {
  readonly schemes: readonly AuthScheme[]
  readonly byDefault: AuthRequirement
  readonly rules: AuthRules
  readonly requiresTls: boolean
}

const SHAPE: OptionShape = {
  kinds: {
    schemes: ['array'],
    default: ['string'],
    exempt: ['array'],
    rules: ['object'],
    requiresTls: ['boolean'],
  } satisfies OptionKinds<AuthenticateOptions>,
}

const RULE_SHAPE: OptionShape = {
  kinds: { requirement: ['string'], scopes: ['array'], schemes: ['array'] } satisfies OptionKinds<AuthRule>,
}

const REQUIREMENTS: readonly unknown[] = ['required', 'optional', 'none']

/**
 * Checks and completes the options.
 *
 * @throws RangeError that names every fault
 */
export function readAuthenticateOptions(options: AuthenticateOptions): ResolvedAuthenticateOptions {
  checkOptions('authenticate', options, SHAPE)
  const { schemes = [], default: byDefault = 'required', exempt = [], rules = {}, requiresTls = false } = options
  const faults = [...schemeFaults(schemes), ...requirementFaults('default', byDefault)]
  const byName = new Map<string, AuthRule>(exempt.map((name) => [name, { requirement: 'none' }]))
  for (const [name, rule] of Object.entries(rules)) {
    if (byName.has(name)) faults.push(`${name} is in exempt and in rules: leave it out of one`)
    const complete = typeof rule === 'string' ? { requirement: rule } : rule
    checkOptions(`authenticate: rules[${JSON.stringify(name)}]`, complete, RULE_SHAPE)
    faults.push(...requirementFaults(`rules[${JSON.stringify(name)}]`, complete.requirement))
    byName.set(name, Object.freeze({ ...complete }))
  }
  if (faults.length > 0) throw new RangeError(`authenticate: ${faults.join('; ')}`)
  return Object.freeze({ schemes: Object.freeze([...schemes]), byDefault, rules: byName, requiresTls })
}

function requirementFaults(name: string, requirement: unknown): string[] {
  if (REQUIREMENTS.includes(requirement)) return []
  return [`${name} is ${JSON.stringify(requirement)}: it must be "required", "optional" or "none"`]
}

function schemeFaults(schemes: readonly Partial<AuthScheme>[]): string[] {
  if (schemes.length === 0) return ['schemes is empty: give at least one, such as jwt({ ... })']
  const isScheme = ({ name, authenticate }: Partial<AuthScheme>) => !!name && typeof authenticate === 'function'
  const strange = schemes.findIndex((scheme) => typeof scheme !== 'object' || scheme === null || !isScheme(scheme))
  if (strange >= 0) return [`schemes[${strange}] is not a scheme: it must have a name and the function authenticate`]
  const names = schemes.map(({ name }) => name)
  return names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `schemes has two of the name "${name}": give one of them another name`)
}
