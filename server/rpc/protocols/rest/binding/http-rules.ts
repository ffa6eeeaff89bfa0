/** Rules from outside the .proto files, as service configs have them (google/api/service.proto, `http.rules`). */
import { fromJson, type JsonValue } from '@bufbuild/protobuf'
import { type HttpRule, HttpRuleSchema } from '../../../../../gen/google/api/http_pb.js'

/** Rules in their order. Their selectors are valid. */
export type HttpRules = readonly HttpRule[]

/** The full name of a method; or a package or service whose last component is `*`; or `*` for every method. */
const SELECTOR = /^(?:\*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\*)?)$/

/**
 * Reads rules.
 *
 * @param source a list with the JSON of `google.api.HttpRule`, or a service config with `http.rules`; null for none
 * @throws RangeError that names every fault
 */
export function readHttpRules(source: unknown): HttpRules {
  if (source === null || source === undefined) return []
  const faults: string[] = []
  const rules = listOf(source).flatMap((json, index) => {
    const rule = readRule(json)
    if (typeof rule === 'string') faults.push(`rules[${index}]: ${rule}`)
    return typeof rule === 'string' ? [] : [rule]
  })
  if (faults.length > 0) throw new RangeError(`invalid HTTP rules: ${faults.join('; ')}`)
  return rules
}

/** Whether a selector names this method. */
export function selects(selector: string, methodName: string): boolean {
  if (!selector.endsWith('*')) return selector === methodName
  return methodName.startsWith(selector.slice(0, -1))
}

function listOf(source: unknown): readonly unknown[] {
  if (Array.isArray(source)) return source
  const rules = memberOf(memberOf(source, 'http'), 'rules')
  if (Array.isArray(rules)) return rules
  throw new RangeError('invalid HTTP rules: expected a list of rules, or an object with http.rules')
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

/** Returns the rule, or what is wrong with it. */
function readRule(json: unknown): HttpRule | string {
  try {
    const rule = fromJson(HttpRuleSchema, json as JsonValue)
    if (rule.selector === '') return 'selector is missing'
    if (!SELECTOR.test(rule.selector)) return `selector ${JSON.stringify(rule.selector)} is not the name of a method`
    return rule
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
