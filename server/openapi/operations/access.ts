/** Who may call a method, as an operation states it. */
import type { DescMethod } from '@bufbuild/protobuf'
import { type AuthRule, ruleFor } from '../../auth/auth-rules.ts'
import type { SecurityRequirement, SecurityScheme } from '../model/document.ts'
import type { OpenApiSecurity } from '../model/openapi-options.ts'

/** What an operation says about its callers. */
export interface Access {
  /** The alternatives, one of which a call needs; null if nothing is to be said. */
  readonly security: readonly SecurityRequirement[] | null
  /** Whether calls without valid credentials are refused. */
  readonly canBeUnauthenticated: boolean
  /** Whether calls of some principals are refused. */
  readonly canBeDenied: boolean
}

/** The schemes that servers have under these names, unless they rename them. */
const USUAL_SCHEMES: Readonly<Record<string, SecurityScheme>> = {
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  basic: { type: 'http', scheme: 'basic' },
  mtls: { type: 'mutualTLS', description: 'A client certificate.' },
}

/**
 * Returns the security that the .proto files state with `portico.options.v1`: methods without a rule need nothing. The schemes are those
 * that rules name.
 */
export function protoSecurity(methods: readonly DescMethod[]): OpenApiSecurity {
  const ruleOf = (method: DescMethod) => ruleFor(method, new Map(), 'none')
  const named = new Set(methods.flatMap((method) => ruleOf(method).schemes ?? []))
  const schemes = Object.entries(USUAL_SCHEMES).filter(([name]) => named.has(name))
  return { ruleOf, schemes: Object.fromEntries(schemes) }
}

/** Returns what the operations of a method say. A rule without schemes accepts all. */
export function accessFor(rule: AuthRule, { schemes }: OpenApiSecurity): Access {
  const { requirement, scopes = [] } = rule
  if (requirement === 'none') return { security: null, canBeUnauthenticated: false, canBeDenied: false }
  const known = Object.keys(schemes)
  const accepted = known.filter((name) => !rule.schemes?.length || rule.schemes.includes(name))
  const alternatives: SecurityRequirement[] = accepted.map((name) => ({ [name]: scopes }))
  const security = requirement === 'optional' ? [...alternatives, {}] : alternatives
  return {
    security: accepted.length === 0 ? null : security,
    canBeUnauthenticated: true,
    canBeDenied: scopes.length > 0,
  }
}
