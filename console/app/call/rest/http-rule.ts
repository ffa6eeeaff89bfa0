/** The option `google.api.http` of a method. */
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '../../../../gen/google/api/annotations_pb.js'
import type { HttpRule } from '../../../../gen/google/api/http_pb.js'

/** A rule that requests can be built by. */
export interface HttpBinding {
  /** In upper case. */
  readonly verb: string
  /** As in `/v1/{name=shelves/*}`. */
  readonly template: string
  /** The field that is the body; `*` for the whole message; empty for no body. */
  readonly body: string
  /** The field of the response that is the response's body; empty for the whole message. */
  readonly responseBody: string
}

/** Returns the rule of a method and its additional bindings, in their order; undefined if it has none. */
export function httpRuleOf(method: DescMethod): readonly [HttpBinding, ...HttpBinding[]] | undefined {
  if (!hasOption(method, http)) return undefined
  const rule = getOption(method, http)
  const [first, ...others] = [rule, ...rule.additionalBindings].flatMap((each) => toBinding(each) ?? [])
  return first === undefined ? undefined : [first, ...others]
}

function toBinding({ pattern, body, responseBody }: HttpRule): HttpBinding | undefined {
  if (pattern.case === undefined) return undefined
  if (pattern.case === 'custom')
    return { verb: pattern.value.kind.toUpperCase(), template: pattern.value.path, body, responseBody }
  return { verb: pattern.case.toUpperCase(), template: pattern.value, body, responseBody }
}
