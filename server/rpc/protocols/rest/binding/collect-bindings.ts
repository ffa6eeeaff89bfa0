/** Turns the rules of methods into bindings: those of `google.api.http`, and those from outside the .proto files. */
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '../../../../../gen/google/api/annotations_pb.js'
import type { HttpRule } from '../../../../../gen/google/api/http_pb.js'
import { parsePathTemplate } from '../template/parse-path-template.ts'
import { checkRule } from './check-rule.ts'
import type { HttpBinding } from './http-binding.ts'
import { type HttpRules, selects } from './http-rules.ts'

/** Where bindings come from, besides annotations. */
export interface BindingSources {
  /** Rules from outside the .proto files. Of several for a method the last one holds, in place of its annotation. Default: none. */
  readonly rules?: HttpRules
  /** Whether a method without a rule is bound to `POST /package.Service/Method`, with the message as body. Default: false. */
  readonly unboundMethods?: boolean
}

/**
 * Returns the bindings of each method that has some, in the order of the methods.
 *
 * @throws RangeError that names every fault of every method, and every rule that selects none of them
 */
export function collectBindings(
  methods: readonly DescMethod[],
  sources: BindingSources = {},
): ReadonlyMap<DescMethod, readonly HttpBinding[]> {
  const faults = idleSelectors(methods, sources.rules ?? [])
  const collected = new Map<DescMethod, readonly HttpBinding[]>()
  for (const method of methods) {
    const bindings = bind(method, sources, faults)
    if (bindings.length > 0) collected.set(method, bindings)
  }
  if (faults.length > 0) throw new RangeError(`invalid HTTP bindings: ${faults.join('; ')}`)
  return collected
}

function idleSelectors(methods: readonly DescMethod[], rules: HttpRules): string[] {
  return rules
    .filter(({ selector }) => !methods.some((method) => selects(selector, fullName(method))))
    .map(({ selector }) => `the rule for ${selector} selects no method`)
}

function bind(method: DescMethod, { rules = [], unboundMethods = false }: BindingSources, faults: string[]) {
  const name = fullName(method)
  try {
    const rule = rules.findLast(({ selector }) => selects(selector, name)) ?? annotationOf(method)
    if (rule === undefined) return unboundMethods ? [defaultBinding(method)] : []
    const own: string[] = []
    const bindings = [rule, ...rule.additionalBindings].map((each, index) =>
      checkRule(method, each, { index, faults: own }),
    )
    faults.push(...own.map((fault) => `${name}: ${fault}`))
    return bindings.filter((binding) => binding !== null)
  } catch (error) {
    faults.push(`${name}: the option google.api.http is malformed: ${error instanceof Error ? error.message : error}`)
    return []
  }
}

/** Reads the option, which descriptors carry as an unknown field until it is read, whatever code was generated for it. */
function annotationOf(method: DescMethod): HttpRule | undefined {
  return hasOption(method, http) ? getOption(method, http) : undefined
}

function defaultBinding(method: DescMethod): HttpBinding {
  const template = parsePathTemplate(`/${method.parent.typeName}/${method.name}`)
  return { method, verb: 'POST', template, variables: [], body: '*', responseBody: null, index: 0 }
}

function fullName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`
}
