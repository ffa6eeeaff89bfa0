/** How the methods of a server are called by REST, for people. */
import type { DescMethod } from '@bufbuild/protobuf'
import { collectBindings } from '../rpc/protocols/rest/binding/collect-bindings.ts'
import { readHttpRules } from '../rpc/protocols/rest/binding/http-rules.ts'
import type { RestOptions } from '../rpc/protocols/rest/rest-options.ts'
import type { PathTemplate } from '../rpc/protocols/rest/template/path-template.ts'
import type { RestCall } from '../terminal/trial-lines.ts'

/**
 * Returns the first binding of each method that has some.
 *
 * @throws RangeError for invalid bindings
 */
export function restCalls(
  methods: readonly DescMethod[],
  { rules, unboundMethods = false }: Pick<RestOptions, 'rules' | 'unboundMethods'>,
): ReadonlyMap<DescMethod, RestCall> {
  const calls = new Map<DescMethod, RestCall>()
  for (const [method, [first]] of collectBindings(methods, { rules: readHttpRules(rules), unboundMethods })) {
    if (first === undefined) continue
    const { verb, template } = first
    calls.set(method, { verb, template: template.text, examplePath: examplePath(template) })
  }
  return calls
}

function examplePath({ segments, variables, verb }: PathTemplate): string {
  const texts = segments.map((segment, index) => {
    if (segment.kind === 'literal') return encodeURIComponent(segment.text)
    const variable = variables.find(({ start, end }) => start === index && end === index + 1)
    return variable?.fieldPath.at(-1) === 'name' ? 'World' : 'example'
  })
  return `/${texts.join('/')}${verb === null ? '' : `:${encodeURIComponent(verb)}`}`
}
