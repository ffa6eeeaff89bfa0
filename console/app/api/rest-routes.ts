/** The REST routes of a method, from its `google.api.http` rules. */
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '../../../gen/google/api/annotations_pb.js'
import type { HttpRule } from '../../../gen/google/api/http_pb.js'

/** A route of a method. */
export interface RestRoute {
  /** As in `GET`. */
  readonly httpMethod: string
  /** As in `/v1/{name=shelves/*}:move`. */
  readonly template: string
  /** `*` for the whole message, the name of a field, or empty for none. */
  readonly body: string
  /** The field that is the whole response; empty if that is the message. */
  readonly responseBody: string
}

/** Returns the routes in the order of the rules; none for a method without rules. */
export function restRoutesOf(method: DescMethod): readonly RestRoute[] {
  if (!hasOption(method, http)) return []
  const rule = getOption(method, http)
  return [rule, ...rule.additionalBindings].flatMap(routeOf)
}

function routeOf({ pattern, body, responseBody }: HttpRule): RestRoute[] {
  if (pattern.case === undefined) return []
  const isCustom = pattern.case === 'custom'
  const httpMethod = isCustom ? pattern.value.kind : pattern.case.toUpperCase()
  const template = isCustom ? pattern.value.path : pattern.value
  return [{ httpMethod, template, body, responseBody }]
}
