/** Which callers each method accepts: by rules in code and in protos, else by the default. */
import { type DescMethod, type DescService, getOption } from '@bufbuild/protobuf'
import { Health } from '../../gen/health/v1/health_pb.js'
import {
  type Auth,
  Auth_Requirement,
  method as methodOption,
  service as serviceOption,
} from '../../gen/portico/options/v1/options_pb.js'
import type { CallerRule } from '../rpc/api-facts.ts'

/**
 * Whether a call must name its caller: `required`, `optional` (invalid credentials are still refused), or `none` (credentials are not
 * looked at).
 */
export type AuthRequirement = CallerRule['requirement']

/** Which callers a method accepts. */
export type AuthRule = CallerRule

/** The rule for a method, and where it comes from. */
export interface FoundRule extends AuthRule {
  readonly source: 'code' | 'proto' | 'default'
}

/** The rules of a server by the names of services (`shop.v1.ShopService`) and methods (`shop.v1.ShopService/GetOrder`). */
export type AuthRules = ReadonlyMap<string, AuthRule>

const REQUIREMENTS: Readonly<Record<Auth_Requirement, AuthRequirement>> = {
  [Auth_Requirement.UNSPECIFIED]: 'required',
  [Auth_Requirement.REQUIRED]: 'required',
  [Auth_Requirement.OPTIONAL]: 'optional',
  [Auth_Requirement.NONE]: 'none',
}

/** A scope-token of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Probes have no credentials, and health reveals nothing but the names of services. */
const HEALTH_RULE: FoundRule = { requirement: 'none', source: 'default' }

/**
 * Returns the rule for a method: the most specific one, that of a method before that of its service. Of two that are equally specific,
 * the one in code overrides the one in the proto. Rules are not merged.
 */
export function ruleFor(method: DescMethod, rules: AuthRules, byDefault: AuthRequirement): FoundRule {
  const { parent } = method
  return (
    fromCode(rules.get(nameOf(method))) ??
    fromProto(getOption(method, methodOption).auth) ??
    fromCode(rules.get(parent.typeName)) ??
    fromProto(getOption(parent, serviceOption).auth) ??
    (parent.typeName === Health.typeName ? HEALTH_RULE : { requirement: byDefault, source: 'default' })
  )
}

/** Returns the name of a method in rules and errors: `shop.v1.ShopService/GetOrder`. */
export function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`
}

/** Returns a phrase for each fault in the rule of a method. */
export function ruleFaults(method: DescMethod, rule: AuthRule, schemes: ReadonlySet<string>): string[] {
  const { requirement, scopes = [], schemes: accepted = [] } = rule
  const faults = accepted
    .filter((name) => !schemes.has(name))
    .map((name) => `${nameOf(method)} accepts ${JSON.stringify(name)}, which is not among the schemes`)
  for (const scope of scopes.filter((scope) => !SCOPE.test(scope))) {
    faults.push(`${nameOf(method)} demands the scope ${JSON.stringify(scope)}: scopes are words of printable ASCII`)
  }
  if (requirement !== 'required' && scopes.length > 0) {
    faults.push(`${nameOf(method)} demands scopes, so its requirement must be "required", not "${requirement}"`)
  }
  return faults
}

/** Returns a phrase for each rule whose name is that of no service and no method. */
export function unknownNames(rules: AuthRules, methods: readonly DescMethod[]): string[] {
  const known = new Set(methods.flatMap((method) => [method.parent.typeName, nameOf(method)]))
  const services = new Set<DescService>(methods.map(({ parent }) => parent))
  const hint = `served are ${[...services].map(({ typeName }) => typeName).join(', ')}`
  return [...rules.keys()]
    .filter((name) => !known.has(name))
    .map((name) => `${JSON.stringify(name)} is no service and no method of this server (${hint})`)
}

function fromCode(rule: AuthRule | undefined): FoundRule | undefined {
  return rule && { ...rule, source: 'code' }
}

function fromProto(auth: Auth | undefined): FoundRule | undefined {
  if (auth === undefined) return undefined
  const { requirement, scopes, schemes } = auth
  // An unknown number comes from a newer options.proto: nothing weaker than `required` is safe.
  return { requirement: REQUIREMENTS[requirement] ?? 'required', scopes, schemes, source: 'proto' }
}
