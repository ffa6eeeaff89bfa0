/** Authorization policies in the form in which calls are matched against them. */
import type { AuthorizationPolicy, PolicyHeader, PolicyRule } from './authorization-policy.ts'
import { matchAny, type TextMatcher } from './text-patterns.ts'

/** What a policy knows of a call. Determined on access. */
export interface PolicyCall {
  /** The path of the method that the call was routed to, such as `/shop.v1.Orders/Place`. */
  readonly path: string
  /** The names of the caller. Empty if no pattern may match; one empty name if the caller is anonymous. */
  readonly principals: readonly string[]
  /** The value of a header, those of a repeated one joined by commas; null if it is absent. */
  header(name: string): string | null
}

/** What a policy says of a call. */
export interface PolicyDecision {
  readonly isAuthorized: boolean
  /** The name of the policy, `_`, and that of the rule; empty if no rule matched. */
  readonly matchedRule: string
}

const NO_MATCH: PolicyDecision = Object.freeze({ isAuthorized: false, matchedRule: '' })

interface HeaderMatcher {
  readonly key: string
  readonly matches: TextMatcher
}

interface CompiledRule {
  readonly decision: PolicyDecision
  /** Null for any. */
  readonly paths: TextMatcher | null
  readonly principals: TextMatcher | null
  readonly headers: readonly HeaderMatcher[]
}

/** A policy to match calls against: deny rules, then allow rules, else refused (gRFC A43). */
export class CompiledPolicy {
  /** In the order in which they are tried: the first match decides. */
  readonly #rules: readonly CompiledRule[]
  /** The rules whose paths match, by method. Bounded, as calls are routed to the methods of the server only. */
  readonly #rulesByPath = new Map<string, readonly CompiledRule[]>()

  /** Takes a policy that has been checked. */
  constructor({ name, deny_rules = [], allow_rules }: AuthorizationPolicy) {
    this.#rules = [
      ...deny_rules.map((rule) => compileRule(rule, { isAuthorized: false, matchedRule: `${name}_${rule.name}` })),
      ...allow_rules.map((rule) => compileRule(rule, { isAuthorized: true, matchedRule: `${name}_${rule.name}` })),
    ]
  }

  decide(call: PolicyCall): PolicyDecision {
    for (const rule of this.#rulesFor(call.path)) if (matches(rule, call)) return rule.decision
    return NO_MATCH
  }

  /** Returns the names of the rules that match none of these paths, such as one with a misspelt service. */
  rulesWithoutMethod(paths: readonly string[]): string[] {
    return this.#rules
      .filter((rule) => rule.paths !== null && !paths.some(rule.paths))
      .map(({ decision }) => decision.matchedRule)
  }

  #rulesFor(path: string): readonly CompiledRule[] {
    let found = this.#rulesByPath.get(path)
    if (found === undefined) {
      found = this.#rules.filter(({ paths }) => paths?.(path) ?? true)
      this.#rulesByPath.set(path, found)
    }
    return found
  }
}

function compileRule({ source, request }: PolicyRule, decision: PolicyDecision): CompiledRule {
  return {
    decision: Object.freeze(decision),
    paths: matcherOf(request?.paths),
    principals: matcherOf(source?.principals),
    headers: (request?.headers ?? []).map(compileHeader),
  }
}

/** An empty list matches anything. */
function matcherOf(patterns: readonly string[] = []): TextMatcher | null {
  return patterns.length === 0 ? null : matchAny(patterns)
}

function compileHeader({ key, values }: PolicyHeader): HeaderMatcher {
  return { key: key.toLowerCase(), matches: matchAny(values.map(joinTightly)) }
}

function matches({ principals, headers }: CompiledRule, call: PolicyCall): boolean {
  return (principals === null || call.principals.some(principals)) && headers.every((header) => hasHeader(header, call))
}

function hasHeader(header: HeaderMatcher, call: PolicyCall): boolean {
  const value = call.header(header.key)
  return value !== null && header.matches(joinTightly(value))
}

/**
 * Drops the blanks around commas. By RFC 9110, section 5.3, the values of a repeated header may be joined with or without them, and
 * proxies do, so a rule must not depend on it.
 */
function joinTightly(value: string): string {
  if (!value.includes(',')) return value
  return value
    .split(',')
    .map((part) => part.trim())
    .join(',')
}
